internal import Core
internal import Ingest
internal import Postgres

/// The SQL of the registry's reads.
enum RegistryStore {
    private static let all = Statement(
        "components",
        "SELECT runtime_id, component_type, name FROM component"
    )
    private static let named = Statement(
        "components of a name",
        "SELECT runtime_id, component_type, name FROM component WHERE name = $1"
    )
    private static let one = Statement(
        "component",
        "SELECT runtime_id, component_type, name FROM component WHERE runtime_id = $1"
    )

    static func fetchAll(on connection: Connection) throws -> [Component] {
        try connection.execute(all, []).compactMap(component)
    }

    static func fetch(named name: String, on connection: Connection) throws -> [Component] {
        try connection.execute(named, [.text(name)]).compactMap(component)
    }

    static func fetch(id: Int64, on connection: Connection) throws -> Component? {
        try connection.execute(one, [.int64(id)]).compactMap(component).first
    }

    private static func component(_ row: Row) throws -> Component? {
        guard let type = ComponentType(rawValue: try row.text("component_type")) else { return nil }
        return Component(
            key: ComponentKey(type: type, name: try row.text("name")),
            id: try row.int64("runtime_id")
        )
    }

    private static let active = Statement(
        "active workers",
        "SELECT count(*) AS workers FROM component WHERE component_type = 'worker_pool' AND status = 'ready'"
    )

    /// How many worker pools are ready.
    static func countActive(on connection: Connection) throws -> Int64 {
        try connection.execute(active, [])[0].int64("workers")
    }

    // MARK: - Lists

    private static let listed = Statement(
        "list components",
        """
        SELECT runtime_id, name, component_type, status, last_heartbeat
        FROM component
        ORDER BY component_type, name
        """
    )

    /// Every component, offline ones included. Contract noetl §1.6.
    static func fetchList(on connection: Connection) throws -> QueryResult {
        try connection.execute(listed, [])
    }

    private static let pools = Statement(
        "list worker pools",
        """
        SELECT name, runtime, status, capacity, labels, last_heartbeat, created_at, updated_at
        FROM component
        WHERE component_type = 'worker_pool'
          AND ($1::text IS NULL OR lower(runtime ->> 'type') = $1)
          AND ($2::text IS NULL OR lower(status) = $2)
        ORDER BY name
        """
    )

    /// Worker pools of a type of runtime and a status, both in lower case. Contract noetl §2.4.
    static func fetchPools(
        runtime: String?,
        status: String?,
        on connection: Connection
    ) throws -> QueryResult {
        try connection.execute(pools, [.optional(runtime), .optional(status)])
    }
}
