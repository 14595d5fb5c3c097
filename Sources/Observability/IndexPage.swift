import API
import Core
import HTTP

/// The response to `GET /`: an overview of Weir and its endpoints.
enum IndexPage {
    private static let places = [
        ("POST /telemetry", "where Nextflow's weblog sends its events"),
        ("GET /api/nextflow/runs", "runs, their tasks and events"),
        ("GET /metrics/processes/summary", "success, retries and resources of processes"),
        ("GET /metrics", "for Prometheus"),
        ("GET /health", "whether Weir runs"),
        ("GET /ready", "whether Weir is ready, and what to do if not"),
        ("GET /version", "the version of Weir"),
        ("GET /openapi.json", "every route"),
    ]

    /// Its answer in `/openapi.json`.
    static let answer = APIAnswer(
        200,
        "The overview, in the media type that Accept prefers.",
        contents: [.init("text/plain", .text), .init("application/json", .named(ObservabilitySchemas.index))]
    )

    /// Text, or JSON if `Accept` prefers it.
    static func response(to head: RequestHead, version: String) -> Response {
        let prefersJSON =
            head.preferredMediaType(of: ["text/plain", "application/json"]) == "application/json"
        return prefersJSON ? json(version) : text(version)
    }

    private static func text(_ version: String) -> Response {
        let width = places.map(\.0.count).max() ?? 0
        let lines = places.map { place, meaning in
            "  \(place)\(String(repeating: " ", count: width - place.count))   \(meaning)"
        }
        return .text(
            """
            Weir \(version) receives the telemetry of computational workflows and keeps it in PostgreSQL.

            \(lines.joined(separator: "\n"))

            """
        )
    }

    private static func json(_ version: String) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("service", "weir")
            body.member("version", version)
            body.object("routes") { routes in
                for (place, meaning) in places { routes.member(place, meaning) }
            }
        }
        return .json(writer.bytes)
    }
}
