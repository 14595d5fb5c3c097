internal import API
internal import Core
internal import HTTP
internal import Ingest

/// The endpoints that read metrics. Contract noetl §1.5, §1.6.
struct MetricsRoutes: Sendable {
    static let runtimeID = APIParameter(
        "runtime_id",
        APIType(.integer),
        "The id of a component; wins over its name."
    )
    static let componentName = APIParameter.text("component_name", "The name of components of any type.")
    static let runtime = APIParameter.text("runtime", "The type of runtime: cpu, gpu, …")
    static let status = APIParameter.text("status", "The status: ready, busy, offline.")

    let reader: StoreReader

    var all: [Endpoint] { [components, pools] }

    private var components: Endpoint {
        .reading(
            "/api/metrics/components",
            tag: WorkersRoutes.tag,
            "All registered components, offline ones included.",
            answers: [APIAnswer(200, "The result.", .named(WorkersSchemas.components))],
            from: reader,
            reading: { _ in },
            answer: { _, _, connection in
                .json(try RegistryEncoder.components(RegistryStore.fetchList(on: connection)))
            }
        )
    }

    private var pools: Endpoint {
        .reading(
            "/api/worker/pools",
            tag: WorkersRoutes.tag,
            "Worker pools, by name.",
            [Self.runtime, Self.status],
            answers: [APIAnswer(200, "The result.", .named(WorkersSchemas.pools)), WorkersSchemas.invalid],
            from: reader,
            reading: { (runtime: $0.text(Self.runtime), status: $0.text(Self.status)) },
            answer: { _, query, connection in
                let rows = try RegistryStore.fetchPools(
                    runtime: query.runtime?.lowercased(),
                    status: query.status?.lowercased(),
                    on: connection
                )
                return .json(try RegistryEncoder.pools(rows, runtime: query.runtime, status: query.status))
            }
        )
    }

    /// Zero counts as absent; a number that no id can be finds nothing.
    static func identifier(_ reader: inout ParameterReader) -> Int64? {
        guard let number = reader.number(runtimeID), number.text != "0" else { return nil }
        return number.clamped
    }
}
