internal import Core
internal import Journal

/// The body of a line as its endpoint has read it, for a loader in the same process.
package struct ParsedRunLine: Sendable {
    /// What its body says.
    enum Content: Sendable {
        /// The runs of a POST or of a batch.
        case runs([RunDraft])
        /// A change of one run.
        case change(RunOperation, eventID: String)
    }

    let content: Content

    static func runs(_ drafts: [RunDraft]) -> ParsedRunLine { ParsedRunLine(content: .runs(drafts)) }

    static func change(_ operation: RunOperation, eventID: String) -> ParsedRunLine {
        ParsedRunLine(content: .change(operation, eventID: eventID))
    }
}
