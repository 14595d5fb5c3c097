/// The states of a run, and the words by which clients call them. Contract §1.4, §2.2.
enum RunStatus: String, CaseIterable, Sendable {
    case running, success, failure, partial, timeout, cancelled

    /// Takes a canonical word or one of its aliases; exact, as the reference compares.
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

    /// All words that are taken.
    static let words = allCases.map(\.rawValue) + aliases.keys.sorted()

    private static let aliases: [String: RunStatus] = [
        "failed": .failure, "completed": .success, "succeeded": .success, "canceled": .cancelled,
    ]
}
