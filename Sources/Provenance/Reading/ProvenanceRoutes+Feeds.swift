internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// Feeds: bare arrays of events. Contract beampipe §3.3, §11.4.
extension ProvenanceRoutes {
    var feeds: [Endpoint] { [ofExecution, ofSource, ofProject, ofAll] }

    private var ofExecution: Endpoint {
        let parameters = FeedParameters(limit: 100, isDescending: false)
        return feed(
            "/api/v2/executions/{id}/events",
            "The events of an execution, the oldest first; none for an unknown one.",
            parameters
        ) { request, query throws(OperatorFailure) in
            guard let id = UUID128(request.parameters["id"] ?? "") else {
                throw OperatorFailure.invalid([.init("id", "not_a_uuid", "is not a UUID")])
            }
            query.filter.execution = id
        }
    }

    private var ofSource: Endpoint {
        let parameters = FeedParameters(limit: 100, isDescending: true, [FeedParameters.project])
        return feed(
            "/api/v2/sources/{id}/events",
            "The events about a source, the newest first. It is named by its identifier, percent-encoded.",
            parameters,
            refusals: [.failure(404, "No event is about this source.")]
        ) { request, query throws(OperatorFailure) in
            query.filter.source = try Self.name(request, "id")
        } whenEmpty: { query, store in
            guard let source = query.filter.source, try !store.knows(source: source) else { return nil }
            return Self.notFound("source").response
        }
    }

    private var ofProject: Endpoint {
        let parameters = FeedParameters(limit: 50, isDescending: true, [FeedParameters.offset])
        return feed(
            "/api/v2/projects/{module}/events",
            "The events of a project, the newest first; none for an unknown one.",
            parameters
        ) { request, query throws(OperatorFailure) in
            query.filter.project = try Self.name(request, "module")
        }
    }

    private var ofAll: Endpoint {
        let more = [FeedParameters.project, FeedParameters.execution]
        return feed(
            "/api/v2/events",
            "The events of all projects, the newest first.",
            FeedParameters(limit: 50, isDescending: true, more)
        ) { _, _ in }
    }

    /// One event.
    var event: Endpoint {
        read(
            "/api/v2/events/{id}",
            "One event.",
            [],
            answers: [
                APIAnswer(200, "The event.", .named(ProvenanceSchemas.event)),
                .failure(404, "There is no such event, or none any more."),
            ]
        ) { request throws(OperatorFailure) in
            guard let id = UUID128(request.parameters["id"] ?? "") else {
                throw OperatorFailure.invalid([.init("id", "not_a_uuid", "is not a UUID")])
            }
            return { connection in
                guard let event = try FeedStore(connection: connection).event(id) else {
                    return Self.notFound("event").response
                }
                return .json(EventEncoder.object(event))
            }
        }
    }

    // MARK: - Pages

    private func feed(
        _ path: String,
        _ summary: String,
        _ parameters: FeedParameters,
        refusals: [APIAnswer] = [],
        of choose: @escaping @Sendable (Request, inout FeedQuery) throws(OperatorFailure) -> Void,
        whenEmpty: @escaping @Sendable (FeedQuery, FeedStore) throws -> Response? = { _, _ in nil }
    ) -> Endpoint {
        read(
            path,
            summary,
            parameters.all,
            answers: [ProvenanceSchemas.page] + refusals
        ) { request throws(OperatorFailure) in
            var query = try parameters.query(request)
            // The path says more than the query.
            try choose(request, &query)
            return { [query, head = request.head, pageBytes] connection in
                let store = FeedStore(connection: connection)
                let page = try store.page(query, mostBytes: pageBytes)
                if page.events.isEmpty, let answer = try whenEmpty(query, store) { return answer }
                return Self.answer(page, head)
            }
        }
    }

    private static func answer(_ page: FeedStore.Page, _ head: RequestHead) -> Response {
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.array { list in
            for event in page.events { EventEncoder.write(event, to: &list) }
        }
        var response = Response.json(writer.bytes)
        if page.hasMore, let last = page.events.last {
            let cursor = FeedQuery.Cursor(last).text
            response.fields.append("X-Next-Cursor", cursor)
            response.fields.append("Link", PageLink.next(head, cursor))
        }
        return response
    }

    /// A text of the path.
    static func name(_ request: Request, _ parameter: String) throws(OperatorFailure) -> String {
        let name = request.parameters[parameter] ?? ""
        guard !name.isEmpty, !name.utf8.contains(0), name.utf8.count <= ProvenanceEvent.mostIndexedBytes
        else {
            throw .invalid([.init(parameter, "invalid", "is empty, too long, or has U+0000")])
        }
        return name
    }
}
