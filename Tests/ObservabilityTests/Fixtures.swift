import API
import Core
import HTTP
import HTTPServer
import Metrics

@testable import Observability

struct FixedHealth: DatabaseHealthSource {
    let lastKnown: DatabaseHealth

    func check(within limit: Duration) async -> DatabaseHealth { lastKnown }
}

struct FixedReadiness: ReadinessSource {
    let found: [ReadinessCheck]

    func checks() async -> [ReadinessCheck] { found }
}

struct NoSuchRoute: Error {}

extension ObservabilityRoutes {
    static func make(health: DatabaseHealth = .connected, checks: [ReadinessCheck] = [])
        -> ObservabilityRoutes
    {
        let registry = Registry()
        registry.counterFamily("weir_test_total", help: "A test.", labels: ["kind"]).child("a").increment(
            by: 2
        )
        registry.histogram("weir_test_seconds", help: "A test.").observe(0.5)
        return ObservabilityRoutes(
            version: "1.2.3",
            build: "test",
            database: FixedHealth(lastKnown: health),
            readiness: FixedReadiness(found: checks),
            registry: registry
        )
    }
}

extension Response {
    var text: String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }
}

func answer(_ routes: [Endpoint], _ path: String, accept: String? = nil) async throws -> Response {
    guard let route = routes.first(where: { $0.method == .get && $0.path == path }),
        case .async(let handle) = route.handler
    else { throw NoSuchRoute() }
    let fields: HeaderFields = accept.map { ["Accept": $0] } ?? HeaderFields()
    return await handle(
        Request(head: RequestHead(method: .get, target: path, fields: fields), receivedAt: .epoch)
    )
}

/// What the routes of a listener profile, or else those of the main one, answer.
func ask(
    _ path: String,
    profile: String? = nil,
    accept: String? = nil,
    health: DatabaseHealth = .connected,
    checks: [ReadinessCheck] = []
) async throws -> Response {
    let routes = ObservabilityRoutes.make(health: health, checks: checks)
    let special = profile.flatMap { routes.profiles[$0] } ?? []
    return try await answer(special + routes.routes(describing: []), path, accept: accept)
}
