import API
import HTTP
import Metrics

/// Counts the requests of `/api/v2` by the names of the platform's own server, so that its dashboards go on. Contract
/// beampipe §2.2, families 1 and 2.
///
/// Durations are histograms, which can be added up (D4); a route is a pattern, and what matches none is `unmatched` (D6).
struct PlatformRequests: Sendable {
    private static let root = "/api/v2/"
    private static let unmatched = "unmatched"

    private let requests: MetricFamily<Counter>
    private let durations: MetricFamily<Histogram>

    /// Registers the families.
    init(registry: Registry) {
        let labels = ["method", "route", "status"]
        requests = registry.counterFamily(
            "beampipe_api_requests_total",
            help: "Requests of /api/v2 that were answered, by route.",
            labels: labels,
            limit: 5000
        )
        durations = registry.histogramFamily(
            "beampipe_api_request_duration_seconds",
            help: "Time from the end of a request's head to the end of its answer.",
            labels: labels,
            bounds: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
            limit: 1000
        )
    }

    /// Makes the series of every endpoint's first successful answer, so that their first request is an increase (D3).
    func prepare(_ endpoints: [Endpoint]) {
        for endpoint in endpoints where endpoint.path.hasPrefix(Self.root) {
            guard let status = endpoint.documentation.answers.first?.status, status < 400 else { continue }
            _ = requests.child(endpoint.method.name, Self.route(endpoint.path), String(status))
        }
    }

    /// Counts a request; `pattern` is nil when no route matched.
    func count(method: String, path: String, pattern: String?, status: Int, duration: Duration) {
        guard path.hasPrefix(Self.root) else { return }
        let route = pattern.map(Self.route) ?? Self.unmatched
        requests.child(method, route, String(status)).increment()
        durations.child(method, route, String(status)).observe(duration)
    }

    /// A pattern as the platform writes it: `/api/v2/executions/:id/events`.
    static func route(_ pattern: String) -> String {
        pattern.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") ? ":\($0.dropFirst().dropLast())" : String($0) }
            .joined(separator: "/")
    }
}
