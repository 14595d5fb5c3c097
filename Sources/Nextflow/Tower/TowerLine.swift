internal import Core
internal import Journal

/// A call as a line of the journal has it: `{"call":"progress","workflow_id":"…","workspace_id":12,"body":{…}}`.
///
/// A body that is no JSON is kept whole as `text`; `body` is then what could be read of it, if anything.
struct TowerLine: Sendable {
    /// The kind of the journal's lines.
    static let kind = "nextflow.tower/1"

    let call: TowerCall
    /// The id in the path; for `create` the one that the answer has.
    let workflowID: String
    let workspaceID: Int64?
    /// A JSON object; nil when nothing of the body could be read.
    let body: [UInt8]?
    /// The body as it came, when it was no JSON.
    let text: String?

    /// The JSON text of the line's body.
    var bytes: [UInt8] {
        var writer = JSONWriter(reservingCapacity: (body?.count ?? 0) + (text?.utf8.count ?? 0) + 128)
        writer.object { line in
            line.member("call", call.rawValue)
            line.member("workflow_id", workflowID)
            if let workspaceID { line.member("workspace_id", workspaceID) }
            if let text { line.member("text", text) }
            if let body { line.member("body", raw: body) }
        }
        return writer.bytes
    }
}
