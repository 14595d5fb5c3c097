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

/// The commit that a run made. Contract §1.9.
struct CommitAssociation: Sendable, Equatable {
    /// The allowed sources.
    static let sources = ["manual", "llm", "ci"]

    let hash: ArraySlice<UInt8>
    let source: ArraySlice<UInt8>
    let author: ArraySlice<UInt8>?
    let timestamp: ArraySlice<UInt8>?

    /// Reads a body. The hash need not be hexadecimal (D20).
    init(_ document: JSONDocument) throws(RunRefusal) {
        let root = document.root
        guard root.kind == .object else {
            let cause: ValidationIssue.Cause = root.isNull ? .missing : .notARecord
            throw .issues([ValidationIssue(RunDecoder.body, cause, root.rawBytes)])
        }
        var reader = MemberReader(root, at: RunDecoder.body, flags: document.flags)
        let hash = Self.hash(root, &reader)
        let source = reader.commitSource(root["commit_source"], "commit_source", isRequired: true)
        author = Self.optional("commit_author", root, &reader)
        timestamp = Self.optional("commit_timestamp", root, &reader)
        guard let hash, let source, reader.issues.isEmpty else {
            throw .issues(ValidationIssues(reader.issues))
        }
        self.hash = hash
        self.source = source
    }

    private static func hash(_ root: JSONNode, _ reader: inout MemberReader) -> ArraySlice<UInt8>? {
        let name = "commit_hash"
        guard let node = root[name] else {
            reader.refuse(name, .missing, root)
            return nil
        }
        guard let text = reader.text(node, name) else { return nil }
        let count = node.string?.unicodeScalars.count ?? 0
        if count < 7 { return reader.refuse(name, .tooShort(7), node) }
        if count > 40 { return reader.refuse(name, .tooLong(40), node) }
        return text
    }

    private static func optional(_ name: String, _ root: JSONNode, _ reader: inout MemberReader)
        -> ArraySlice<UInt8>?
    {
        guard let node = root[name], !node.isNull else { return nil }
        return reader.text(node, name)
    }
}
