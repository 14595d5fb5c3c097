internal import Core

/// The body of a call as it is journaled: an object, or as much of one as can be read.
struct TowerBody: Sendable {
    /// JSON without line breaks; nil when nothing could be read.
    let body: [UInt8]?
    /// The body as it came, when it was no JSON object; bytes that are no UTF-8 are replaced. Cut, and left out where
    /// secrets are masked: in what is no JSON, none can be found.
    let text: String?
    /// The run that the body names.
    let run: TowerRun?
    /// The id that the body has, as calls did before 2020; nil without one.
    let toldWorkflowID: String?
    /// Whether its workflow has ended.
    let hasEnded: Bool

    /// Reads a body; everything can be read in some way.
    init(_ bytes: [UInt8], _ configuration: TowerConfiguration = TowerConfiguration()) {
        if let document = Self.object(bytes) {
            body = Self.clean(document, configuration)
            text = nil
            (run, toldWorkflowID, hasEnded) = Self.facts(document.root)
            return
        }
        let repaired = TowerRepair.repaired(bytes).map(configuration.masked).flatMap(Self.object)
        body = repaired.map { Self.clean($0, configuration) }
        text = configuration.kept(unreadable: bytes)
        (run, toldWorkflowID, hasEnded) = repaired.map { Self.facts($0.root) } ?? (nil, nil, false)
    }

    /// The id for the run.
    var workflowID: String? { run.map { TowerWorkflowID.make(sessionID: $0.id, runName: $0.name) } }

    private static func object(_ bytes: [UInt8]) -> JSONDocument? {
        guard
            let document = try? JSONDocument(bytes, recordedDepth: 2, recordsElements: false),
            document.root.kind == .object
        else { return nil }
        return document
    }

    private static func clean(_ document: JSONDocument, _ configuration: TowerConfiguration) -> [UInt8] {
        let byteOrderMark = document.root.range.lowerBound
        var bytes = Array(configuration.cleaned(document).dropFirst(byteOrderMark))
        if document.sawLineBreaksOutsideStrings { JSONStorable.blankLineBreaks(in: &bytes) }
        return bytes
    }

    private static func facts(_ root: JSONNode) -> (TowerRun?, String?, Bool) {
        let workflow = root["workflow"]
        let run = TowerRun(root) ?? workflow.flatMap { TowerRun($0) }
        let end = workflow?["complete"].map { !$0.isNull } ?? false
        return (run, root["workflowId"]?.string ?? workflow?["id"]?.string, end)
    }
}
