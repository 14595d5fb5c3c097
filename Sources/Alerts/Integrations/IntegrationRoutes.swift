internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Logging
internal import Postgres

/// `/observability/config`, `…/test`, `…/status` and `…/alerts`, each also below `/api`. Contract pipelogiq §1, §6.7.
struct IntegrationRoutes: Sendable {
    static let limit = APIParameter.integer("limit", 1...500, default: 50, "How many.")
    static let before = APIParameter.text(
        "before",
        "Only older ones: the `next` of the page before, or a time in RFC 3339."
    )
    static let event = APIParameter.text("event", "Only those of this event.")
    static let channel = APIParameter.word(
        "channel",
        AlertingChannel.allCases.map(\.rawValue),
        "Only those to this channel."
    )
    static let state = APIParameter.word(
        "state",
        ["pending", "sent", "failed", "suppressed"],
        "Only those in this state. What was suppressed has no element: the next alert says how many there were."
    )

    let tester: IntegrationTester

    private var integrations: Integrations { tester.integrations }

    var all: [Endpoint] {
        [list, save, test, status, history].flatMap { [$0, $0.moved(to: "/api\($0.path)")] }
    }

    // MARK: - Endpoints

    private var list: Endpoint {
        endpoint(
            .get,
            "/observability/config",
            "The integrations with their configuration, status and health; secrets are masked.",
            answers: [APIAnswer(200, "The integrations.", .named(IntegrationSchemas.list))]
        ) { request in
            try await integrations.pool.withConnection { try answer(request, $0) }
        }
    }

    private var save: Endpoint {
        endpoint(
            .post,
            "/observability/config",
            "Replaces the configuration of one integration. A masked secret keeps the stored one.",
            body: .named(IntegrationSchemas.config),
            answers: [APIAnswer(200, "It is stored; all integrations.", .named(IntegrationSchemas.list))]
        ) { request in
            let body = try IntegrationBody(request.body, members: ["type", "config"])
            return try await integrations.pool.withConnection { connection in
                try connection.transaction {
                    try integrations.save(body.type, body.config, at: request.receivedAt, on: connection)
                }
                return try answer(request, connection)
            }
        }
    }

    private var test: Endpoint {
        endpoint(
            .post,
            "/observability/test",
            "Tests the stored configuration of one integration; alerting sends a test alert to every channel.",
            body: .named(IntegrationSchemas.test),
            answers: [
                APIAnswer(200, "What the test said, a failure included.", .named(IntegrationSchemas.tested))
            ]
        ) { request in
            let body = try IntegrationBody(request.body, members: ["type"])
            let outcome = try await tester.test(body.type)
            return AlertsSurface.json { Self.write(outcome, to: &$0) }
        }
    }

    private var status: Endpoint {
        endpoint(
            .get,
            "/observability/status",
            "The integrations in short.",
            answers: [APIAnswer(200, "The overview.", .named(IntegrationSchemas.status))]
        ) { request in
            try await integrations.pool.withConnection { connection in
                let list = try integrations.list(on: connection)
                return AlertsSurface.json {
                    IntegrationEncoder.writeOverview(list, at: request.receivedAt, to: &$0)
                }
            }
        }
    }

    private var history: Endpoint {
        endpoint(
            .get,
            "/observability/alerts",
            "What the alerting document has sent and is to send, the newest first.",
            [Self.limit, Self.before, Self.event, Self.channel, Self.state],
            answers: [APIAnswer(200, "The alerts, one for each channel.", .named(IntegrationSchemas.alerts))]
        ) { request in
            let query = try Self.query(request)
            return try await integrations.pool.withConnection { connection in
                let entries = try AlertHistory.fetch(query, on: connection)
                return AlertsSurface.json { AlertHistory.write(entries, limit: query.limit, to: &$0) }
            }
        }
    }

    // MARK: - Pieces

    private func answer(_ request: Request, _ connection: Connection) throws -> Response {
        let list = try integrations.list(on: connection)
        return AlertsSurface.json { IntegrationEncoder.write(list, at: request.receivedAt, to: &$0) }
    }

    private static func query(_ request: Request) throws(ObservabilityFailure) -> AlertHistory.Query {
        do throws(OperatorFailure) {
            return try AlertsSurface.parameters(request) { reader in
                AlertHistory.Query(
                    limit: reader.count(limit),
                    event: reader.text(event),
                    channel: reader.word(channel),
                    state: reader.word(state),
                    before: reader.value(before, or: .rule("is neither an alert nor a time")) {
                        AlertHistory.Before($0)
                    }
                )
            }
        } catch {
            throw .payload(error.message)
        }
    }

    private static func write(_ outcome: IntegrationTester.Outcome, to writer: inout JSONWriter) {
        writer.object { root in
            root.member("success", outcome.error == nil)
            root.member("message", outcome.error ?? outcome.message)
            if outcome.error == nil, let took = outcome.took {
                root.member("latencyMs", Int64(took / .milliseconds(1)))
            }
            guard !outcome.results.isEmpty else { return }
            root.array("results") { list in
                for result in outcome.results {
                    list.object { element in
                        element.member("channel", result.channel.rawValue)
                        element.member("success", result.error == nil)
                        element.member("message", result.error ?? "Test alert sent successfully")
                        element.member("latencyMs", result.milliseconds)
                    }
                }
            }
        }
    }

    private func endpoint(
        _ method: Method,
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        body: APIType? = nil,
        answers: [APIAnswer],
        handler: @escaping @Sendable (Request) async throws -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: method == .get ? .read : .admin,
            // Larger than any body that is taken: a longer one is answered in the form of this surface.
            bodyLimit: body == nil ? nil : 1 << 20,
            envelope: .observability,
            documentation: EndpointDocumentation(
                tag: "Observability",
                summary: summary,
                parameters: parameters,
                request: body,
                answers: answers + [
                    .init(
                        400,
                        "The request is not valid; `error.code` says why.",
                        .named(.observabilityError)
                    ),
                    .init(500, "A bug in Weir; its log has the reason.", .named(.observabilityError)),
                    .init(
                        503,
                        "PostgreSQL is away or busy. Retry.",
                        .named(.observabilityError),
                        headers: [.retryAfter]
                    ),
                ]
            ),
            handler: .async { request in
                do {
                    return try await handler(request)
                } catch let failure as ObservabilityFailure {
                    return failure.response
                } catch let error as PostgresError where error.isRetryable {
                    return ObservabilityFailure.unavailable.response
                } catch {
                    integrations.logger.error(
                        "an observability endpoint failed",
                        metadata: ["path": "\(path)", "error": "\(error)"]
                    )
                    return ObservabilityFailure.internal.response
                }
            }
        )
    }
}
