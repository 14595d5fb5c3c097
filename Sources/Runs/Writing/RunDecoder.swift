internal import API
internal import Core

/// A run as a client sent it, checked; the time of its line is still missing.
package struct RunDraft: Sendable {
    /// The sent members, coerced.
    var record: RunRecord
    /// Values that the model accepts and the table refuses: an error of a single run, an error of its row in a batch.
    var conflicts: [Conflict] = []
    /// What it says of its trace; nil for most runs.
    var traceFields: TraceFields?

    /// A value that the table refuses.
    struct Conflict: Sendable {
        let field: RunField
        let input: ArraySlice<UInt8>
        let cause: ValidationIssue.Cause
        /// The constraint that PostgreSQL would name.
        let constraint: String
    }

    /// The client's id of the run.
    var eventID: String { record.text(.eventID) ?? "" }
    /// The client's name of the run.
    var runID: String { record.text(.runID) ?? "" }
}

/// Decodes the bodies of the runs surface. Contract §1.1, §1.4, §1.5.
enum RunDecoder {
    /// The shape of a body.
    enum Shape: Sendable {
        /// A run, or a change of one.
        case record
        /// An array of runs, possibly wrapped.
        case batch
    }

    /// Reads a body as JSON, down to the members of its records. Below them are `metrics_json` and `context_json`,
    /// which are stored as text.
    ///
    /// With `mostRuns`, a body that takes more memory than this many runs is refused as soon as it does; a line of
    /// the journal was accepted before, and is read whatever its size.
    static func document(
        _ body: [UInt8],
        isJSON: Bool,
        as shape: Shape = .record,
        mostRuns: Int? = nil
    ) throws(RunRefusal) -> JSONDocument {
        guard !body.isEmpty else { throw .issues([ValidationIssue(Self.body, .missing, Self.null)]) }
        guard isJSON else { return Self.textDocument(body) }
        do throws(JSONError) {
            return try JSONDocument(
                body,
                recordedDepth: depth(of: shape, in: body),
                nodeLimit: mostRuns.map { max($0 * nodesOfRun, leastNodes) } ?? .max
            )
        } catch .invalidUTF8 {
            throw .notText
        } catch .tooManyValues(let limit) {
            let cause = ValidationIssue.Cause.tooManyValues(limit: limit, advice: "send fewer runs at a time")
            throw .issues([ValidationIssue(Self.body, cause, Self.null)])
        } catch {
            throw .issues([.notJSON(error, in: body, input: Self.emptyObject)])
        }
    }

    /// The most names and values of a run: five times as many as it has members.
    private static let nodesOfRun = RunField.count * 5
    private static let leastNodes = 100_000

    /// The depth of the members of records.
    private static func depth(of shape: Shape, in body: [UInt8]) -> Int {
        guard case .batch = shape else { return 1 }
        let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
        let isBare = body.first { !blanks.contains($0) } == UInt8(ascii: "[")
        return isBare ? 2 : 3
    }

    /// One run.
    static func run(_ document: JSONDocument) throws(RunRefusal) -> RunDraft {
        var issues = ValidationIssues()
        guard let draft = run(document.root, at: body, flags: document.flags, &issues), issues.isEmpty else {
            throw .issues(issues)
        }
        return draft
    }

    /// One run; values that the table refuses are errors, too (D02, D03).
    static func storableRun(_ document: JSONDocument) throws(RunRefusal) -> RunDraft {
        let draft = try run(document)
        guard draft.conflicts.isEmpty else {
            let issues = draft.conflicts.map {
                ValidationIssue(body + [.name($0.field.name)], $0.cause, $0.input)
            }
            throw .issues(ValidationIssues(issues))
        }
        return draft
    }

    /// An array of at most `mostRuns` runs, also when it is wrapped as `{"runs": […]}` (D05); one issue refuses all
    /// runs (D23).
    static func batch(_ document: JSONDocument, mostRuns: Int = .max) throws(RunRefusal) -> [RunDraft] {
        guard let list = list(document.root) else {
            let cause: ValidationIssue.Cause = document.root.isNull ? .missing : .notAList
            throw .issues([ValidationIssue(body, cause, document.root.rawBytes)])
        }
        let count = mostRuns == .max ? 0 : list.reduce(0) { count, _ in count + 1 }
        guard count <= mostRuns else {
            let advice = "send smaller batches (WEIR_RUNS_MAX_BATCH is \(mostRuns))"
            let cause = ValidationIssue.Cause.tooManyItems(limit: mostRuns, count: count, advice: advice)
            throw .issues([ValidationIssue(body, cause, null)])
        }
        var issues = ValidationIssues()
        var drafts: [RunDraft] = []
        drafts.reserveCapacity(count)
        for (index, element) in list.enumerated() {
            let place = body + [.index(index)]
            guard let draft = run(element, at: place, flags: document.flags, &issues) else { continue }
            if issues.isEmpty { drafts.append(draft) }
        }
        guard issues.isEmpty else { throw .issues(issues) }
        return drafts
    }

    /// Refuses runs with an empty id, in a batch with their indices. Only requests are checked: the journal of an
    /// older Weir may have such runs, and a replay restores their rows.
    static func requireEventIDs(_ drafts: [RunDraft], isBatch: Bool) throws(RunRefusal) {
        var issues = ValidationIssues()
        for (index, draft) in drafts.enumerated() where draft.record[.eventID]?.count == 2 {
            let place = isBatch ? body + [.index(index)] : body
            issues.add([ValidationIssue(place + [.name(RunField.eventID.name)], .tooShort(1), Self.emptyText)]
            )
        }
        guard issues.isEmpty else { throw .issues(issues) }
    }

    private static func list(_ root: JSONNode) -> JSONElements? {
        if root.kind == .array { return root.elements }
        guard let wrapped = root["runs"], wrapped.kind == .array else { return nil }
        return wrapped.elements
    }

    // MARK: - One run

    private static func run(
        _ node: JSONNode,
        at place: [ValidationIssue.Step],
        flags: JSONFlags,
        _ issues: inout ValidationIssues
    ) -> RunDraft? {
        guard node.kind == .object else {
            // A body of `null` counts as missing; an element `null` has the wrong type.
            let cause: ValidationIssue.Cause = node.isNull && place.count == 1 ? .missing : .notARecord
            issues.add([ValidationIssue(place, cause, node.rawBytes)])
            return nil
        }
        var reader = MemberReader(node, at: place, flags: flags)
        var draft = RunDraft(record: RunRecord(source: reader.source))
        for field in RunField.all where !readPlain(field, reader, &draft) { read(field, &reader, &draft) }
        draft.traceFields = reader.traceFields
        if !reader.issues.isEmpty { issues.add(reader.issues) }
        return reader.issues.isEmpty ? draft : nil
    }

    /// Reads the plain values of nearly all runs; false for values that need coercion.
    private static func readPlain(
        _ field: RunField,
        _ reader: borrowing MemberReader,
        _ draft: inout RunDraft
    ) -> Bool {
        let range: Range<Int>?
        switch field.rule {
        case .required: range = reader.plainText(field)
        case .optionalText, .lenientText:
            range = reader.plainText(field)
            if range == nil, reader.isAbsent(field) { return true }
        case .counter, .optionalCounter: range = reader.plainCount(field)
        case .own: return true
        case .text, .object, .commitSource, .flag: return false
        }
        guard let range else { return false }
        draft.record.place(field, range)
        return true
    }

    private static func read(_ field: RunField, _ reader: inout MemberReader, _ draft: inout RunDraft) {
        switch field.rule {
        case .required: draft.record[field] = reader.required(field)
        case .text:
            guard let text = reader.text(field) else { return }
            status(text, reader[field], &draft)
        case .optionalText: draft.record[field] = reader.optionalText(field)
        case .lenientText: draft.record[field] = reader.lenientText(field)
        case .counter: counter(field, reader.integer(field), reader[field], &draft)
        case .optionalCounter:
            counter(field, reader.integer(field, isNullable: true), reader[field], &draft)
        case .object: draft.record[field] = reader.object(field)
        case .commitSource: draft.record[field] = reader.commitSource(reader[field], field.name)
        case .flag: draft.record[field] = reader.flag(field).map { Array(($0 ? "true" : "false").utf8)[...] }
        case .own: break
        }
    }

    private static func status(_ text: ArraySlice<UInt8>, _ node: JSONNode?, _ draft: inout RunDraft) {
        guard let status = RunStatus(word: node?.string ?? "") else {
            let words = RunStatus.list.dropFirst().dropLast()
            draft.conflicts.append(
                RunDraft.Conflict(
                    field: .status,
                    input: text,
                    cause: .rule("Status must be one of: \(RunStatus.list)"),
                    constraint: "status IN (\(words))"
                )
            )
            return
        }
        draft.record.set(.status, status.rawValue)
    }

    private static func counter(
        _ field: RunField,
        _ value: Int64?,
        _ node: JSONNode?,
        _ draft: inout RunDraft
    ) {
        guard let value else { return }
        var digits: [UInt8] = []
        JSONWriter.append(value, to: &digits)
        draft.record[field] = digits[...]
        guard value < 0 else { return }
        draft.conflicts.append(
            RunDraft.Conflict(
                field: field,
                input: node?.rawBytes ?? null,
                cause: .below(0),
                constraint: "\(field.name) >= 0"
            )
        )
    }

    // MARK: - Pieces

    static let body: [ValidationIssue.Step] = [.name("body")]
    private static let null = Array("null".utf8)[...]
    private static let emptyText = Array("\"\"".utf8)[...]
    private static let emptyObject = Array("{}".utf8)[...]

    /// Like the reference, treats a body that is not declared as JSON as a text.
    private static func textDocument(_ body: [UInt8]) -> JSONDocument {
        let text = JSONText.quoted(String(decoding: body, as: UTF8.self))
        guard let document = try? JSONDocument(text) else {
            preconditionFailure("BUG: a quoted text is a JSON document")
        }
        return document
    }
}
