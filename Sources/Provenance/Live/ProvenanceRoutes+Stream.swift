internal import API
internal import Core
internal import HTTP
internal import Postgres

/// The live stream: server-sent events. Contract beampipe §11.4, WHATWG HTML §9.2.
extension ProvenanceRoutes {
    private static let lastEvent = APIParameter.text(
        "last_event_id",
        "The id of the last event that the client has: the stream goes on behind it. The field Last-Event-ID, which "
            + "browsers send when they connect again, comes first."
    )
    private static let filters = [
        FeedParameters.project, FeedParameters.type, FeedParameters.execution, FeedParameters.source,
    ]

    var stream: Endpoint {
        Endpoint(
            .get,
            "/api/v2/events/stream",
            scope: .read,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary:
                    "Follows events as they come, as server-sent events; it goes on after `Last-Event-ID`.",
                parameters: Self.filters + [Self.lastEvent],
                answers: ProvenanceSchemas.streamAnswers
            ),
            handler: .async { request in
                do throws(OperatorFailure) {
                    return try await follow(request)
                } catch {
                    var response = error.response
                    if error.status == .serviceUnavailable { response.fields.append("Retry-After", "5") }
                    return response
                }
            }
        )
    }

    private func follow(_ request: Request) async throws(OperatorFailure) -> Response {
        var reader = ParameterReader(request.query)
        var filter = EventFilter()
        filter.project = reader.text(FeedParameters.project)
        filter.execution = FeedParameters.execution(&reader)
        filter.source = reader.text(FeedParameters.source)
        let last = request.head.fields["Last-Event-ID"] ?? reader.text(Self.lastEvent)
        filter.types = try FeedParameters.types(request)
        try FeedParameters.finish(&reader)
        let position = try await position(behind: last)
        guard
            let listener = EventListener(
                hub,
                archive,
                metrics,
                filter,
                after: position,
                heartbeat: heartbeat
            )
        else {
            throw OperatorFailure(
                .serviceUnavailable,
                "As many connections follow events as may (WEIR_PROVENANCE_LISTENERS): try again later."
            )
        }
        follower.wake()
        return Self.response(listener)
    }

    private static func response(_ listener: EventListener) -> Response {
        var response = Response(
            status: .ok,
            fields: [
                "Content-Type": "text/event-stream; charset=utf-8",
                "Cache-Control": "no-store",
                // nginx would hold events back.
                "X-Accel-Buffering": "no",
            ],
            body: .stream(ByteStream { await listener.next() })
        )
        response.isEndless = true
        return response
    }

    /// The place behind an event, or the newest one.
    private func position(behind last: String?) async throws(OperatorFailure) -> Int64 {
        var event: UUID128?
        if let last, !last.isEmpty {
            guard let id = UUID128(last) else {
                throw .invalid([.init("Last-Event-ID", "not_a_uuid", "is not the id of an event")])
            }
            event = id
        }
        do {
            let found = try await pool.withConnection { [event] connection in
                guard let event else { return try PositionStore.last(on: connection) as Int64? }
                return try PositionStore.placed(event, on: connection)
            }
            if let found { return found }
        } catch {
            throw OperatorFailure(.serviceUnavailable, "PostgreSQL is away or busy: try again.")
        }
        throw OperatorFailure(
            .notFound,
            "The event of Last-Event-ID is not known, or not any more.",
            action: "Read what was missed from /api/v2/events?since=…, and follow without Last-Event-ID."
        )
    }
}
