internal import API
internal import Core

/// Which commit a run made. Contract §1.9.
struct CommitAssociation: Sendable, Equatable {
    /// Who may say so.
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
