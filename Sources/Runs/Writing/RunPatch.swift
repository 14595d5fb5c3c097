internal import API
internal import Core

/// The changes of a PATCH, or of the late end of a run. Contract §1.8.
struct RunPatch: Sendable, Equatable {
    /// The changed members, in the order of responses.
    private(set) var changes: [Change] = []

    /// A member and its new value as JSON text.
    struct Change: Sendable, Equatable {
        let field: RunField
        let value: ArraySlice<UInt8>
    }

    /// The members that a client may change. The reference's own client sends the last two; the reference ignores
    /// them, Weir stores them (D08).
    static let fields: [RunField] = [
        .status, .endTime, .durationMS, .errorSummary, .errorDetails, .outputSummary, .itemsSucceeded,
        .itemsFailed, .itemsSkipped, .metricsJSON, .contextJSON, .gitCommitSource, .gitCommitAuthor,
        .gitCommitTimestamp, .itemsDiscovered, .inputSummary,
    ]

    /// Reads a body; null always means absent.
    init(_ document: JSONDocument) throws(RunRefusal) {
        let root = document.root
        guard root.kind == .object else {
            let cause: ValidationIssue.Cause = root.isNull ? .missing : .notARecord
            throw .issues([ValidationIssue(RunDecoder.body, cause, root.rawBytes)])
        }
        var reader = MemberReader(root, at: RunDecoder.body, flags: document.flags)
        for field in Self.fields {
            guard let node = reader[field], !node.isNull else { continue }
            if let value = Self.value(field, node, &reader) {
                changes.append(Change(field: field, value: value))
            }
        }
        guard reader.issues.isEmpty else { throw .issues(ValidationIssues(reader.issues)) }
    }

    /// The end of a run from a second POST of the whole record; nil when the record has no end (D17).
    init?(lateEnd record: RunRecord) {
        guard record.text(.status).flatMap(RunStatus.init(word:))?.isTerminal == true, record[.endTime] != nil
        else {
            return nil
        }
        // The record may also contain the commit that the run made while Weir was away.
        for field in Self.fields + [.gitCommitHash] {
            if let value = record[field] { changes.append(Change(field: field, value: value)) }
        }
    }

    private static func value(_ field: RunField, _ node: JSONNode, _ reader: inout MemberReader)
        -> ArraySlice<UInt8>?
    {
        switch field.rule {
        case .text:
            guard reader.text(field) != nil else { return nil }
            guard let status = RunStatus(word: node.string ?? "") else {
                return reader.refuse(field.name, .rule("Status must be one of: \(RunStatus.list)"), node)
            }
            return JSONText.quoted(status.rawValue)[...]
        case .counter, .optionalCounter:
            guard let value = reader.integer(field) else { return nil }
            guard value >= 0 else {
                return reader.refuse(field.name, .rule("Value must be non-negative"), node)
            }
            return Array(String(value).utf8)[...]
        case .object: return reader.object(field)
        case .commitSource: return reader.commitSource(node, field.name)
        case .required, .optionalText, .lenientText, .flag, .own: return reader.optionalText(field)
        }
    }
}
