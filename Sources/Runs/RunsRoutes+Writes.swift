internal import Core
internal import HTTP
internal import Ingest
internal import Journal

// MARK: - Endpoints that write. Each is one line of the journal, answered when its rows are there. Design §1.

extension RunsRoutes {
    var create: Route {
        let success = Set([201, duplicateStatus.code]).sorted()
        let summary = "Records a run; the first body of an event_id wins."
        return write(.post, "", summary, .object(RunSchemas.posted), success: success) {
            request throws(WriteRefusal) in
            let document = try Self.document(request)
            let draft = try Self.checked { () throws(RunRefusal) in try RunDecoder.storableRun(document) }
            switch try await self.append(.create, document, [draft]) {
            case .applied(let outcomes):
                guard outcomes[0] == .created else { return self.duplicate(draft) }
                self.metadata.drop()
                return Self.answer(draft, "created")
            // The line is durable and will be a row: a client must not take that for a failure.
            case .pending: return Self.answer(draft, "accepted")
            case .refused: return Self.deadLetter("create run")
            }
        }
    }

    var batch: Route {
        write(.post, "/batch", "Records an array of runs; each stands alone.", .list(RunSchemas.posted)) {
            request throws(WriteRefusal) in
            let document = try Self.document(request)
            let drafts = try Self.checked { () throws(RunRefusal) in try RunDecoder.batch(document) }
            guard drafts.contains(where: \.conflicts.isEmpty) else {
                return BatchAnswer(drafts, [:]).response
            }
            switch try await self.append(.batch, document, drafts) {
            case .applied(let outcomes):
                let answer = BatchAnswer(drafts, outcomes)
                if answer.inserted > 0 { self.metadata.drop() }
                return answer.response
            case .pending: return Self.applyingLater
            case .refused: return BatchAnswer(drafts, [:]).response
            }
        }
    }

    var patch: Route {
        write(.patch, "/{event_id}", "Changes a run.", .object(RunSchemas.patch)) {
            request throws(WriteRefusal) in
            let document = try Self.document(request)
            let patch = try Self.checked { () throws(RunRefusal) in try RunPatch(document) }
            let eventID = Self.eventID(request)
            guard !patch.changes.isEmpty else { return await self.emptyPatch(eventID) }
            switch try await self.append(.patch, document, of: eventID) {
            case .applied(let outcomes):
                guard outcomes[0] == .updated else { return Self.notFound(eventID) }
                self.metadata.drop()
                return Self.updated(eventID, patch)
            case .pending: return Self.applyingLater
            case .refused: return Self.deadLetter("update run")
            }
        }
    }

    var associateCommit: Route {
        let summary = "Tells which commit a run made."
        return write(.post, "/{event_id}/associate-commit", summary, .object(RunSchemas.commit)) {
            request throws(WriteRefusal) in
            let document = try Self.document(request)
            let association = try Self.checked { () throws(RunRefusal) in try CommitAssociation(document) }
            let eventID = Self.eventID(request)
            switch try await self.append(.commit, document, of: eventID) {
            case .applied(let outcomes):
                guard case .associated(let runID) = outcomes[0] else { return Self.notFound(eventID) }
                return Self.associated(eventID, runID, association)
            case .pending: return Self.applyingLater
            case .refused: return Self.deadLetter("associate commit")
            }
        }
    }

    // MARK: - Lines

    private static func document(_ request: Request) throws(WriteRefusal) -> JSONDocument {
        try checked { () throws(RunRefusal) in
            try RunDecoder.document(request.body, isJSON: request.head.declaresJSON)
        }
    }

    private static func checked<Value>(
        _ body: () throws(RunRefusal) -> Value
    ) throws(WriteRefusal) -> Value {
        do throws(RunRefusal) {
            return try body()
        } catch {
            throw .refused(error)
        }
    }

    private func append(
        _ kind: RunsProjection.Kind,
        _ document: JSONDocument,
        _ drafts: [RunDraft]? = nil,
        of eventID: String? = nil
    ) async throws(WriteRefusal) -> RunsProjection.Board.Outcome {
        do throws(JournalError) {
            return try await board.append(
                to: journal,
                kind: kind.rawValue,
                members: eventID.map(RunLine.members) ?? [],
                body: RunLine.body(document),
                // A line has no line breaks; values that were sent with some are read from there.
                parsed: document.sawLineBreaksOutsideStrings ? nil : drafts
            )
        } catch {
            throw .notStored(error)
        }
    }

    /// A patch that changes nothing is refused, but not before the run is known to be there.
    private func emptyPatch(_ eventID: String) async -> Response {
        await reader.answer(.detail) { connection in
            guard try RunsStore(connection: connection).fetchOne(eventID) != nil else {
                return Self.notFound(eventID)
            }
            return ErrorEnvelope.detail.response(.badRequest, "No valid fields to update")
        }
    }

    // MARK: - Answers

    private static func answer(_ draft: RunDraft, _ status: String) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", status)
            body.member("event_id", draft.eventID)
            body.member("run_id", draft.runID)
        }
        return .json(writer.bytes, status: .created)
    }

    private func duplicate(_ draft: RunDraft) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", "duplicate")
            body.member("event_id", draft.eventID)
            body.member("message", "Event already exists (idempotent)")
        }
        return .json(writer.bytes, status: duplicateStatus)
    }

    private static func updated(_ eventID: String, _ patch: RunPatch) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("event_id", eventID)
            body.member("updated", true)
            body.array("fields_updated") { list in
                for change in patch.changes { list.value(change.field.name) }
            }
        }
        return .json(writer.bytes)
    }

    private static func associated(
        _ eventID: String,
        _ runID: String,
        _ association: CommitAssociation
    ) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", "success")
            body.member("event_id", eventID)
            body.member("run_id", runID)
            body.member("commit_hash", raw: association.hash)
        }
        return .json(writer.bytes)
    }

    /// Repeating is harmless: every write of this surface may be applied twice.
    private static var applyingLater: Response {
        var response = ErrorEnvelope.detail.response(
            .serviceUnavailable,
            "The database cannot be reached at the moment. The request is kept and will be applied; "
                + "repeat it to learn its outcome."
        )
        response.fields.append("Retry-After", "1")
        return response
    }

    private static func deadLetter(_ what: String) -> Response {
        ErrorEnvelope.detail.response(
            .internalServerError,
            "Failed to \(what): PostgreSQL refused it. It is kept: see `weir dead-letters list`."
        )
    }
}

/// Lines of the runs surface, for routes and duties.
enum RunLine {
    /// The member that says of which run a line is.
    static func members(_ eventID: String) -> [UInt8] {
        Array("\"\(RunField.eventID.name)\":".utf8) + JSONText.quoted(eventID) + [UInt8(ascii: ",")]
    }

    /// A body as it goes into a line: without byte order mark and line breaks.
    static func body(_ document: JSONDocument) -> [UInt8] {
        var body = Array(document.root.rawBytes)
        if document.sawLineBreaksOutsideStrings { JSONStorable.blankLineBreaks(in: &body) }
        return body
    }
}

/// The answer to a batch. Contract §1.5.
struct BatchAnswer {
    private(set) var inserted = 0
    private(set) var duplicates = 0
    private var errors: [String] = []
    private let total: Int

    /// Adds up what came of each run; one without an outcome was refused by PostgreSQL.
    init(_ drafts: [RunDraft], _ outcomes: RunsProjection.Outcomes) {
        total = drafts.count
        for (place, draft) in drafts.enumerated() {
            switch outcomes[place] {
            case .created: inserted += 1
            case .duplicate: duplicates += 1
            default: errors.append("\(draft.eventID): \(Self.reason(draft))")
            }
        }
    }

    private static func reason(_ draft: RunDraft) -> String {
        guard let conflict = draft.conflicts.first else {
            return "refused by PostgreSQL; see `weir dead-letters list`"
        }
        return "CHECK constraint failed: \(conflict.constraint)"
    }

    var response: Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("inserted", inserted)
            body.member("duplicates", duplicates)
            body.array("errors") { list in
                for error in errors { list.value(error) }
            }
            body.member("total", total)
        }
        return .json(writer.bytes)
    }
}
