internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal
internal import OpenTelemetry
internal import Postgres

/// Events of other programs. Contract beampipe §3.7.
extension ProvenanceRoutes {
    /// How many bytes a body may have.
    static let mostBytes = 1 << 20

    var post: Endpoint {
        Endpoint(
            .post,
            "/api/v2/projects/{module}/events",
            scope: .ingest,
            bodyLimit: Self.mostBytes,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: "Records an event, or an array of 1 to 500 of them: all or none.",
                request: ProvenanceSchemas.posted,
                answers: ProvenanceSchemas.postAnswers
            ),
            handler: .graded { request, scopes in
                do throws(OperatorFailure) {
                    return try await record(request, scopes)
                } catch {
                    let project = request.parameters["module"] ?? ""
                    switch error.status {
                    case .forbidden: metrics.refused(project, .forbidden)
                    case .conflict: break
                    default: metrics.refused(project, .invalid)
                    }
                    return error.response
                }
            }
        )
    }

    private func record(_ request: Request, _ scopes: Set<Scope>) async throws(OperatorFailure) -> Response {
        let project = try Self.name(request, "module")
        let origin = EventDecoder.Origin(
            project: project,
            actor: "producer:\(request.caller)",
            receivedAt: request.receivedAt,
            correlation: request.id,
            trace: request.head.fields["traceparent"].flatMap { TraceParent($0)?.traceID.description },
            oldest: keep > .zero ? request.receivedAt - keep : nil
        )
        let body = try EventDecoder(origin: origin).body(request)
        try Self.checkFamilies(body, scopes)
        try await checkExecutions(body, project)
        let outcome: ProvenanceProjection.Board.Outcome
        do throws(JournalError) {
            outcome = try await board.append(
                to: journal,
                kind: EventLine.kind,
                body: EventLine.encode(body.events),
                parsed: body.events
            )
        } catch {
            return ErrorEnvelope.platform.response(to: error, storing: "event")
        }
        return try Self.answer(outcome, body)
    }

    /// Only those who may change Weir itself speak for it.
    private static func checkFamilies(_ body: EventDecoder.Body, _ scopes: Set<Scope>) throws(OperatorFailure)
    {
        guard !scopes.contains(.admin) else { return }
        for event in body.events {
            let family = EventType.family(event.type)
            guard EventType.reservedFamilies.contains(family) else { continue }
            throw OperatorFailure(
                .forbidden,
                "Events of the family '\(family)' need a token with the scope admin.",
                action: "Post under a family of your own, such as 'pipeline' or 'quality'."
            )
        }
    }

    /// An execution that is known belongs to one project. While PostgreSQL is away nobody knows, and it is not asked.
    private func checkExecutions(_ body: EventDecoder.Body, _ project: String) async throws(OperatorFailure) {
        let executions = Array(Set(body.events.compactMap(\.execution)))
        guard !executions.isEmpty else { return }
        await follower.catchUp()
        let projects = try? await pool.withConnection { connection in
            try FeedStore(connection: connection).projects(of: executions)
        }
        guard let projects else { return }
        for (place, event) in body.events.enumerated() {
            guard let execution = event.execution, let known = projects[execution], known != project else {
                continue
            }
            let path = body.isArray ? "[\(place)].execution_id" : "execution_id"
            metrics.refused(project, .conflict)
            throw OperatorFailure(
                .conflict,
                "The execution belongs to another project.",
                code: "event_conflict",
                action: "Post the event under the project of its execution.",
                diagnostics: [.init(path, "other_project", "belongs to another project")]
            )
        }
    }

    // MARK: - Answers

    private static func answer(_ outcome: ProvenanceProjection.Board.Outcome, _ body: EventDecoder.Body)
        throws(OperatorFailure) -> Response
    {
        switch outcome {
        case .applied(.stored(let earlier)): return stored(body, earlier)
        case .applied(.conflict(let places)):
            throw OperatorFailure(
                .conflict,
                "An event with this id was recorded with other content; nothing was changed.",
                code: "event_conflict",
                action: "Give each event an id of its own.",
                diagnostics: places.map { place in
                    .init(body.isArray ? "[\(place)].id" : "id", "event_conflict", "belongs to another event")
                }
            )
        case .pending:
            // The line is durable and will be applied: a client must not take that for a failure.
            var response = stored(body, [:])
            response.fields.append("Weir-Lag-Lines", "1")
            return response
        case .refused:
            throw OperatorFailure(
                .internalServerError,
                "PostgreSQL refused the event. It is kept: see `weir dead-letters list`."
            )
        }
    }

    private static func stored(_ body: EventDecoder.Body, _ earlier: [Int: ProvenanceEvent]) -> Response {
        guard body.isArray else {
            guard let event = earlier[0] else {
                return .json(EventEncoder.object(body.events[0]), status: .created)
            }
            return .json(EventEncoder.object(event))
        }
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { answer in
            answer.member("accepted", body.events.count - earlier.count)
            answer.member("duplicates", earlier.count)
            answer.array("items") { list in
                for (place, event) in body.events.enumerated() {
                    EventEncoder.write(earlier[place] ?? event, to: &list)
                }
            }
        }
        return .json(writer.bytes, status: .created)
    }
}
