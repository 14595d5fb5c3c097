internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal
internal import OpenTelemetry

// MARK: - Endpoints that write. Each writes one line of the journal, and answers when its rows are stored. Design §1.

extension RunsRoutes {
    var create: Endpoint {
        let summary = "Records a run; the first body of an event_id wins."
        let answers = RunAnswers.created(duplicates: duplicateStatus)
        return write(.post, "/api/v1/runs", summary, .named(RunSchemas.posted), answers: answers) {
            request throws(WriteRefusal) in
            let reading = try await self.record(request) { document throws(RunRefusal) in
                let draft = try RunDecoder.storableRun(document)
                try RunDecoder.requireEventIDs([draft], isBatch: false)
                return draft
            }
            let draft = reading.value
            let context = self.context(of: draft, request)
            switch try await self.append(
                .create,
                reading.line,
                reading.isVerbatim ? .runs([draft]) : nil,
                members: RunLine.members(context.map { [0: $0] } ?? [:])
            ) {
            case .applied(let outcomes):
                guard outcomes[0] == .created else { return self.duplicate(draft) }
                self.metadata.drop()
                let trace = RunTrace(eventID: draft.eventID, sent: context)
                return Self.answer(draft, "created").about(trace.context, context?.state)
            // The line is durable and will be applied: a client must not take that for a failure.
            case .pending: return Self.answer(draft, "accepted")
            case .refused: return Self.deadLetter("create run")
            }
        }
    }

    var batch: Endpoint {
        let summary = "Records an array of runs; an error in one does not affect the others."
        return write(
            .post,
            "/api/v1/runs/batch",
            summary,
            RunSchemas.batch(mostRuns: bodies.mostRuns),
            answers: RunAnswers.batch
        ) {
            request throws(WriteRefusal) in
            let reading = try await self.batch(request)
            let drafts = reading.value
            guard drafts.contains(where: \.conflicts.isEmpty) else {
                return BatchAnswer(drafts, [:]).response
            }
            let line = reading.line
            switch try await self.append(
                .batch,
                line,
                reading.isVerbatim ? .runs(drafts) : nil,
                of: drafts.count,
                members: RunLine.members(self.contexts(of: drafts))
            ) {
            case .applied(let outcomes):
                let answer = BatchAnswer(drafts, outcomes)
                if answer.inserted > 0 { self.metadata.drop() }
                return answer.response
            case .pending(let delay): return Self.applyingLater(delay)
            case .refused: return BatchAnswer(drafts, [:]).response
            }
        }
    }

    var patch: Endpoint {
        write(
            .patch,
            "/api/v1/runs/{event_id}",
            "Changes a run.",
            .named(RunSchemas.patch),
            answers: RunAnswers.patched
        ) {
            request throws(WriteRefusal) in
            let reading = try await self.record(request, RunPatch.init)
            let patch = reading.value
            let eventID = Self.eventID(request)
            guard !patch.changes.isEmpty else { return await self.emptyPatch(eventID) }
            let parsed = ParsedRunLine.change(.patch(patch), eventID: eventID)
            switch try await self.append(
                .patch,
                reading.line,
                reading.isVerbatim ? parsed : nil,
                members: RunLine.members(eventID)
            ) {
            case .applied(let outcomes):
                guard outcomes[0] == .updated else { return Self.notFound(eventID) }
                self.metadata.drop()
                return Self.updated(eventID, patch)
            case .pending(let delay): return Self.applyingLater(delay)
            case .refused: return Self.deadLetter("update run")
            }
        }
    }

    var associateCommit: Endpoint {
        let summary = "Stores the commit that a run made."
        return write(
            .post,
            "/api/v1/runs/{event_id}/associate-commit",
            summary,
            .named(RunSchemas.commit),
            answers: RunAnswers.associated
        ) { request throws(WriteRefusal) in
            let reading = try await self.record(request, CommitAssociation.init)
            let association = reading.value
            let eventID = Self.eventID(request)
            let parsed = ParsedRunLine.change(.associate(association), eventID: eventID)
            switch try await self.append(
                .commit,
                reading.line,
                reading.isVerbatim ? parsed : nil,
                members: RunLine.members(eventID)
            ) {
            case .applied(let outcomes):
                guard case .associated(let runID) = outcomes[0] else { return Self.notFound(eventID) }
                return Self.associated(eventID, runID, association)
            case .pending(let delay): return Self.applyingLater(delay)
            case .refused: return Self.deadLetter("associate commit")
            }
        }
    }

    // MARK: - Traces

    /// The trace context that came with a run: in its body, else in the header section. A malformed one is counted and
    /// ignored. Contract pipelogiq §3.2.
    private func context(of draft: RunDraft, _ request: Request) -> TraceContext? {
        let fields = request.head.fields
        let sent = SentTrace(
            fields: draft.traceFields?.parents ?? [],
            fieldStates: draft.traceFields?.states ?? [],
            header: fields.values("traceparent"),
            states: fields.values("tracestate")
        )
        traceContexts.count(sent)
        return sent.context
    }

    /// The trace contexts of the runs of a batch, by their places: each is its run's own. The header section is that of
    /// whoever passes them on.
    private func contexts(of drafts: [RunDraft]) -> [Int: TraceContext] {
        var found: [Int: TraceContext] = [:]
        for (place, draft) in drafts.enumerated() {
            guard let fields = draft.traceFields, draft.conflicts.isEmpty else { continue }
            let sent = SentTrace(fields: fields.parents, fieldStates: fields.states)
            traceContexts.count(sent)
            found[place] = sent.context
        }
        return found
    }

    // MARK: - Lines

    private func record<Value: Sendable>(
        _ request: Request,
        _ decode: @escaping @Sendable (JSONDocument) throws(RunRefusal) -> Value
    ) async throws(WriteRefusal) -> RunBodyReader.Reading<Value> {
        do throws(RunRefusal) {
            return try await bodies.record(request, decode)
        } catch {
            throw .refused(error)
        }
    }

    private func batch(_ request: Request) async throws(WriteRefusal) -> RunBodyReader.Reading<[RunDraft]> {
        do throws(RunRefusal) {
            return try await bodies.batch(request)
        } catch {
            throw .refused(error)
        }
    }

    /// `parsed` is the parsed body of the line, if it is available; `count` is the number of its operations.
    private func append(
        _ kind: RunsProjection.Kind,
        _ line: [UInt8],
        _ parsed: ParsedRunLine? = nil,
        of count: Int = 1,
        members: LineMembers
    ) async throws(WriteRefusal) -> RunsProjection.Board.Outcome {
        do throws(JournalError) {
            return try await board.append(
                to: journal,
                kind: kind.rawValue,
                members: members,
                body: line,
                parsed: parsed,
                waiting: min(Self.patiencePerRun * count, Self.mostPatience)
            )
        } catch {
            throw .notStored(error)
        }
    }

    /// A patch that changes nothing is refused, but only after the run was found.
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

    /// A large batch takes time: even a slow PostgreSQL stores ten thousand runs a second.
    private static let patiencePerRun = Duration.microseconds(100)
    private static let mostPatience = Duration.seconds(15)

    /// A retry is harmless: every write of this surface is idempotent.
    private static func applyingLater(_ delay: Delay) -> Response {
        let why =
            switch delay {
            case .away:
                "The database cannot be reached at the moment. The request is kept and will be applied; "
            case .slow: "The database is still busy with it. The request is kept and is being applied; "
            case .stopped: "Loading has stopped: see Weir's log. The request is kept and will be applied; "
            }
        var response = ErrorEnvelope.detail.response(
            .serviceUnavailable,
            why + "repeat it to learn its outcome."
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
