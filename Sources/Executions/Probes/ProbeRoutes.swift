internal import API
internal import Core
internal import HTTP
internal import Metrics

/// The platform's probes: `/api/v2/health`, `/ready`, `/diagnostics`, `/overview`, `/metrics`. Contract beampipe §1.
struct ProbeRoutes: Sendable {
    private static let tag = "Platform"

    let probe: PlatformProbe
    let encoder: ProbeEncoder
    let gauges: PlatformGauges
    let registry: Registry
    /// Whether `/api/v2/metrics` needs no token.
    let isMetricsPublic: Bool

    var all: [Endpoint] { [health, taps, ready, diagnostics, overview, metrics] }

    private var health: Endpoint {
        open("/api/v2/health", "Liveness check: asks nobody, and is always 200.", ProbeSchemas.alive) { _ in
            ProbeEncoder.alive
        }
    }

    private var taps: Endpoint {
        let probe = probe
        return open("/api/v2/health/tap", "Whether the TAP services answer.", ProbeSchemas.taps) { _ in
            ProbeEncoder.taps(await probe.findTaps())
        }
    }

    private static let format = APIParameter.word(
        "format",
        ["full", "probe"],
        default: "full",
        "`probe` is the status alone, for orchestrators: it needs no token."
    )

    /// Asks for the token itself, so that the short form needs none; tokens are known without PostgreSQL (D2).
    private var ready: Endpoint {
        let (probe, encoder) = (probe, encoder)
        return Endpoint(
            .get,
            "/api/v2/ready",
            scope: nil,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary:
                    "Whether PostgreSQL answers, and how the TAP services, the queue and the workers are.",
                parameters: [Self.format],
                answers: [
                    APIAnswer(200, "It is ready.", .named(ProbeSchemas.ready)),
                    .failure(400, "A parameter is not valid."),
                    .failure(401, "A token with the scope `read` is needed, but for format=probe."),
                    .failure(503, "PostgreSQL does not answer.", headers: [.retryAfter]),
                ]
            ),
            handler: .graded { request, scopes in
                var reader = ParameterReader(request.query)
                let isShort = reader.word(Self.format) == "probe"
                do throws(ValidationIssues) {
                    try reader.finish()
                } catch {
                    return error.failure.response
                }
                guard isShort || scopes.contains(.read) else { return Self.unauthorized }
                let found = await probe.find()
                guard isShort else { return encoder.readiness(found) }
                return found.database == nil ? ProbeEncoder.unready(found) : ProbeEncoder.probe
            }
        )
    }

    private static let unauthorized: Response = {
        var response = OperatorFailure(
            .unauthorized,
            "A token with the scope 'read' is needed: send Authorization: Bearer <token>, or ask with ?format=probe."
        ).response
        response.fields.append("WWW-Authenticate", "Bearer realm=\"weir\"")
        return response
    }()

    private var diagnostics: Endpoint {
        let (probe, encoder) = (probe, encoder)
        return endpoint(
            "/api/v2/diagnostics",
            scope: .read,
            "What is wrong, and where.",
            [
                APIParameter(
                    "profile",
                    .text,
                    "The name of a deployment profile; Weir asks no backend, so it changes nothing."
                )
            ],
            [APIAnswer(200, "What was found.", .named(ProbeSchemas.diagnostics))]
        ) { _ in
            encoder.diagnostics(await probe.find())
        }
    }

    private var overview: Endpoint {
        let (probe, encoder) = (probe, encoder)
        return endpoint(
            "/api/v2/overview",
            scope: .read,
            "The platform in a few numbers.",
            [],
            [
                APIAnswer(200, "The numbers.", .named(ProbeSchemas.overview)),
                .failure(503, "PostgreSQL does not answer.", headers: [.retryAfter]),
            ]
        ) { _ in
            let found = await probe.find()
            guard let database = found.database else { return ProbeEncoder.unready(found) }
            return encoder.overview(found, database)
        }
    }

    private var metrics: Endpoint {
        let (gauges, registry) = (gauges, registry)
        return endpoint(
            "/api/v2/metrics",
            scope: isMetricsPublic ? nil : .read,
            "The same series as /metrics, with the platform's gauges read anew.",
            [],
            [
                APIAnswer(
                    200,
                    "Every series.",
                    contents: [
                        .init("text/plain", APIType.text.noting("The text format 0.0.4 of Prometheus."))
                    ]
                )
            ]
        ) { _ in
            await gauges.refresh()
            return Response(
                status: .ok,
                fields: ["Content-Type": "text/plain; version=0.0.4"],
                body: .bytes(registry.exposition(as: .prometheusText))
            )
        }
    }

    // MARK: - Making endpoints

    private func open(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        _ answer: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        endpoint(path, scope: nil, summary, [], [APIAnswer(200, "The result.", .named(schema))], answer)
    }

    private func endpoint(
        _ path: String,
        scope: Scope?,
        _ summary: String,
        _ parameters: [APIParameter],
        _ answers: [APIAnswer],
        _ answer: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        Endpoint(
            .get,
            path,
            scope: scope,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                parameters: parameters,
                answers: answers
            ),
            handler: .async(answer)
        )
    }
}
