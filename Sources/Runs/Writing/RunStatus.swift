/// The states of a run, and their words in requests. Contract §1.4, §2.2.
enum RunStatus: String, CaseIterable, Sendable {
    case running, success, failure, partial, timeout, cancelled

    /// Accepts a canonical word or one of its aliases; case matters, as in the reference.
    init?(word: String) {
        if let status = RunStatus(rawValue: word) {
            self = status
        } else if let status = Self.aliases[word] {
            self = status
        } else {
            return nil
        }
    }

    /// Whether the run has ended.
    var isTerminal: Bool { self != .running }

    /// The words in the spelling of the reference's messages.
    static let list = "[" + allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ") + "]"

    /// All accepted words.
    static let words = allCases.map(\.rawValue) + aliases.keys.sorted()

    private static let aliases: [String: RunStatus] = [
        "failed": .failure, "completed": .success, "succeeded": .success, "canceled": .cancelled,
    ]
}
