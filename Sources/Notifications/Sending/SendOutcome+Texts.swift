internal import Core

/// Texts of outcomes, which are stored and shown.
extension SendOutcome {
    /// The outcome with every secret in its texts replaced.
    func hiding(_ secrets: [String]) -> SendOutcome {
        func hidden(_ text: String) -> String {
            Redaction.masked(text: secrets.reduce(text) { $0.replacing($1, with: Redaction.mask) })
        }
        return switch self {
        case .sent(let status, let note): .sent(status: status, note: note.map(hidden))
        case .again(let status, let after, let why): .again(status: status, after: after, why: hidden(why))
        case .refused(let status, let why): .refused(status: status, why: hidden(why))
        case .gone(let status, let why): .gone(status: status, why: hidden(why))
        }
    }

    /// One outcome for several recipients: sent when one of them took it, with a note about the others; otherwise
    /// again, as long as one of them may take it later.
    static func combined(_ outcomes: [(recipient: String, outcome: SendOutcome)]) -> SendOutcome {
        var failures: [String] = []
        var (sent, again, first): (SendOutcome?, SendOutcome?, SendOutcome?) = (nil, nil, nil)
        for (recipient, outcome) in outcomes {
            first = first ?? outcome
            switch outcome {
            case .sent: sent = sent ?? outcome
            case .again(_, _, let why):
                again = again ?? outcome
                failures.append("\(recipient): \(why)")
            case .refused(_, let why), .gone(_, let why): failures.append("\(recipient): \(why)")
            }
        }
        if case .sent(let status, let note)? = sent {
            let notes = (note.map { [$0] } ?? []) + failures.map { "not taken: \($0)" }
            return .sent(status: status, note: notes.isEmpty ? nil : notes.joined(separator: "; "))
        }
        return again ?? first ?? .refused(status: nil, why: "there is no recipient")
    }
}
