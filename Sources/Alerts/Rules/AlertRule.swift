internal import Core
internal import Notifications

/// What is to be told to whom, and when. Contract beampipe §4.6.
struct AlertRule: Sendable {
    /// What shares a cooldown.
    enum DedupeBy: String, CaseIterable, Sendable {
        case rule, project, subject
    }

    var id: UUID128
    var name: String
    var description: String?
    /// The project that it is for; nil for every project.
    var project: String?
    var isEnabled: Bool
    /// Nil leaves it to what fires it.
    var severity: AlertSeverity?
    var trigger: TriggerConfig
    /// Further labels that must match; a value may have `*` for any characters.
    var scope: [String: String]
    var channels: [UUID128]
    /// In seconds; none from 0 down.
    var cooldown: Int
    var dedupeBy: DedupeBy
    /// Whether people are told when it is over. Receivers that keep incidents themselves always are.
    var sendsResolved: Bool
    /// Who owns it: `api`, `file`, `observability`, `default`.
    var origin: String
    var lastFiredAt: Timestamp?
    var evaluationError: String?
    var createdAt: Timestamp
    var updatedAt: Timestamp?

    var kind: TriggerKind { trigger.kind }

    /// Whether it is for something with these labels.
    func covers(_ labels: [String: String]) -> Bool {
        if let project, labels["project"] != project { return false }
        return scope.allSatisfy { name, pattern in
            labels[name].map { Glob(pattern).matches($0) } ?? false
        }
    }
}

/// How bad a rule says that it is; `event` leaves it to what fires it.
enum RuleSeverity: String, CaseIterable, Sendable {
    case info, warning, error, critical, event
}

/// A text with `*` for any characters.
struct Glob: Hashable, Sendable {
    private let parts: [String]

    init(_ pattern: String) {
        parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    }

    func matches(_ text: String) -> Bool {
        guard let first = parts.first, let last = parts.last else { return text.isEmpty }
        guard parts.count > 1 else { return text == first }
        guard text.hasPrefix(first), text.hasSuffix(last), text.count >= first.count + last.count else {
            return false
        }
        var rest = text.dropFirst(first.count).dropLast(last.count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }
}
