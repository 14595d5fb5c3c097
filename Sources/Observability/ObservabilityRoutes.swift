package import API
import HTTP
package import Metrics

/// Endpoints about Weir itself: health, readiness, version, metrics, its OpenAPI description.
///
/// None of them needs a token: many probes and scrapers have none, and nothing here is about a run.
package struct ObservabilityRoutes: Sendable {
    /// How long `/health` of the listener profile `nextflow` waits for PostgreSQL.
    private static let healthPatience = Duration.seconds(2)
    /// The version of the runs service whose protocol Weir implements.
    private static let runsVersion = "3.0.0"

    private typealias Schemas = ObservabilitySchemas

    private let version: String
    private let build: String
    private let database: any DatabaseHealthSource
    private let readiness: any ReadinessSource
    private let registry: Registry

    /// Makes the routes; `build` is `debug` or `release`.
    package init(
        version: String,
        build: String,
        database: any DatabaseHealthSource,
        readiness: any ReadinessSource,
        registry: Registry
    ) {
        self.version = version
        self.build = build
        self.database = database
        self.readiness = readiness
        self.registry = registry
    }

    /// The routes of the main listener; `/openapi.json` also describes `others`.
    package func routes(describing others: [Endpoint]) -> [Endpoint] {
        // The Pushgateway's names of both, and Pipelogiq's.
        let aliases = [plainHealth.moved(to: "/-/healthy"), ready.moved(to: "/-/ready"), healthz, readyz]
        let own =
            aliases
            + [health, plainHealth, ready, versionRoute, metrics, index(hasRoot: Self.hasRoot(others))]
            .compactMap(\.self)
        // Stands in for the endpoint below, so that the document describes itself; it is never served.
        let description = Self.probe(
            "/openapi.json",
            "This description of all routes, in OpenAPI 3.1.",
            [.json(Schemas.description)]
        ) { _ in
            Response(status: .internalServerError)
        }
        let platform = "/api/v2/openapi.json"
        let described = others + own + [description, description.moved(to: platform)]
        let document = OpenAPIDocument(described, version: version).bytes
        let served = Self.probe(
            description.path,
            description.documentation.summary,
            description.documentation.answers
        ) { _ in .json(document) }
        // Contract beampipe §6.8.
        return own + [served, served.moved(to: platform)]
    }

    /// What listener profiles answer instead, of what is here. Features add theirs (`FeatureSetup.profiles`). Design §3.
    package var profiles: [String: [Endpoint]] {
        let database = database
        return [
            "nextflow": [
                Self.probe(
                    "/health",
                    "Whether PostgreSQL answers.",
                    [
                        .json(Schemas.nextflowHealth),
                        APIAnswer(503, "PostgreSQL does not answer.", .named(Schemas.nextflowUnhealthy)),
                    ]
                ) { _ in
                    HealthEncoder.nextflow(await database.check(within: Self.healthPatience))
                }
            ],
            "runs": [
                Self.probe("/health", "Liveness check.", [.json(Schemas.runsHealth)]) { _ in
                    HealthEncoder.runs(version: Self.runsVersion)
                },
                Self.probe("/version", "The version of the protocol.", [.json(Schemas.runsVersion)]) { _ in
                    VersionEncoder.runs(version: Self.runsVersion)
                },
            ],
            "metrics": [
                // Contract beampipe §1.7.
                Self.probe(
                    "/health",
                    "Liveness check.",
                    [APIAnswer(200, "The result.", contents: [.init("text/plain", .text)])]
                ) { _ in .text("ok") }
            ],
        ]
    }

    // MARK: - Routes

    private var health: Endpoint {
        let (database, version) = (database, version)
        return Self.probe(
            "/health",
            "Liveness check: always 200, whatever PostgreSQL does.",
            [.json(Schemas.health)]
        ) { _ in
            HealthEncoder.main(database.lastKnown, version: version)
        }
    }

    private var plainHealth: Endpoint {
        Self.probe("/api/health", "Liveness check.", [.json(Schemas.alive)]) { _ in HealthEncoder.alive }
    }

    private var ready: Endpoint {
        let readiness = readiness
        return Self.probe(
            "/ready",
            "Whether PostgreSQL, schema, loader, disk and journal are ready; 503 if not.",
            [
                .json(Schemas.readiness),
                APIAnswer(
                    503,
                    "Something is not ready; the checks give the reason.",
                    .named(Schemas.readiness)
                ),
            ]
        ) { _ in
            ReadinessEncoder.response(await readiness.checks())
        }
    }

    /// Contract pipelogiq §0.4.
    private var healthz: Endpoint {
        Self.probe(
            "/healthz",
            "Liveness check.",
            [APIAnswer(200, "The word ok.", contents: [.init("text/plain", .text)])]
        ) { _ in .text("ok") }
    }

    /// The original's is always 200. Contract pipelogiq §0.4.
    private var readyz: Endpoint {
        let readiness = readiness
        let text = APIAnswer.Content("text/plain", .text)
        return Self.probe(
            "/readyz",
            "The same as /ready in a word.",
            [
                APIAnswer(200, "The word ok.", contents: [text]),
                APIAnswer(503, "Something is not ready; GET /ready says what.", contents: [text]),
            ]
        ) { _ in
            let answer = ReadinessEncoder.response(await readiness.checks())
            return answer.status == .ok
                ? .text("ok") : .text("not ready: GET /ready says why", status: answer.status)
        }
    }

    private var versionRoute: Endpoint {
        let (version, build) = (version, build)
        return Self.probe("/version", "The version of Weir.", [.json(Schemas.version)]) { _ in
            VersionEncoder.response(version: version, build: build)
        }
    }

    private var metrics: Endpoint {
        let registry = registry
        return Self.probe(
            "/metrics",
            "Weir's own series and those of its features: Prometheus text, OpenMetrics, or JSON, as Accept prefers.",
            [MetricsEncoder.answer]
        ) { request in
            MetricsEncoder.response(to: request.head, registry)
        }
    }

    private func index(hasRoot: Bool) -> Endpoint? {
        guard !hasRoot else { return nil }
        let version = version
        return Self.probe("/", "An overview of Weir and its endpoints.", [IndexPage.answer]) { request in
            IndexPage.response(to: request.head, version: version)
        }
    }

    private static func hasRoot(_ routes: [Endpoint]) -> Bool {
        routes.contains { $0.method == .get && $0.path == "/" }
    }

    private static func probe(
        _ pattern: String,
        _ summary: String,
        _ answers: [APIAnswer],
        _ answer: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        Endpoint(
            .get,
            pattern,
            scope: nil,
            documentation: EndpointDocumentation(tag: "Observability", summary: summary, answers: answers),
            handler: .async(answer)
        )
    }
}

extension APIAnswer {
    /// The result in JSON.
    fileprivate static func json(_ schema: APISchema) -> APIAnswer {
        APIAnswer(200, "The result.", .named(schema))
    }
}
