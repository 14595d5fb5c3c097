internal import Core
internal import Ingest
internal import Postgres
internal import Synchronization

/// The registered components by type and name, in memory: a report asks no database.
///
/// PostgreSQL has the truth, which several Weirs change. What is missing here is looked for there before it counts as
/// unknown, and `reload` repeats what other Weirs have changed. Any thread.
final class ComponentRegistry: Sendable {
    /// The result of a look-up.
    enum Finding: Hashable, Sendable {
        case found(Component)
        case unknown
        /// It is not in memory, and PostgreSQL does not answer.
        case unavailable
    }

    private struct Guarded {
        var byKey: [ComponentKey: Component] = [:]
        var byID: [Int64: Component] = [:]

        mutating func insert(_ component: Component) {
            if let old = byKey.updateValue(component, forKey: component.key) { byID[old.id] = nil }
            byID[component.id] = component
        }
    }

    private let pool: Pool
    // Guards the known components.
    private let guarded = Mutex(Guarded())

    init(pool: Pool) {
        self.pool = pool
    }

    /// How many components are known.
    var count: Int { guarded.withLock { $0.byKey.count } }

    /// All known components.
    var all: [Component] { guarded.withLock { Array($0.byKey.values) } }

    /// Whether a component is in memory.
    func knows(_ component: Component) -> Bool {
        guarded.withLock { $0.byKey[component.key] == component }
    }

    /// Adds a component, or replaces its id.
    func learn(_ component: Component) {
        guarded.withLock { $0.insert(component) }
    }

    /// The component of a type and name.
    func find(_ key: ComponentKey) async -> Finding {
        if let known = guarded.withLock({ $0.byKey[key] }) { return .found(known) }
        return await ask { try RegistryStore.fetch(named: key.name, on: $0).first { $0.key == key } }
    }

    /// The component with an id.
    func find(id: Int64) async -> Finding {
        if let known = guarded.withLock({ $0.byID[id] }) { return .found(known) }
        return await ask { try RegistryStore.fetch(id: id, on: $0) }
    }

    /// A component by its name alone: of several types the preferred one, then worker pools, servers, brokers.
    /// Contract noetl §1.2, "Component resolution".
    func find(named name: String, preferring type: ComponentType?) async -> Finding {
        let known = guarded.withLock { guarded in
            ComponentType.allCases.compactMap { guarded.byKey[ComponentKey(type: $0, name: name)] }
        }
        if let best = Self.best(known, type) { return .found(best) }
        return await ask { Self.best(try RegistryStore.fetch(named: name, on: $0), type) }
    }

    /// Repeats what PostgreSQL has.
    func reload(on connection: Connection) throws {
        var fresh = Guarded()
        for component in try RegistryStore.fetchAll(on: connection) { fresh.insert(component) }
        // Components that were registered here a moment ago may not be loaded yet.
        guarded.withLock { guarded in
            for component in fresh.byKey.values { guarded.insert(component) }
        }
    }

    private static func best(_ components: [Component], _ type: ComponentType?) -> Component? {
        components.first { $0.key.type == type } ?? components.min { $0.key.type.rank < $1.key.type.rank }
    }

    private func ask(_ fetch: @escaping @Sendable (Connection) throws -> Component?) async -> Finding {
        do {
            guard let component = try await pool.withConnection(fetch) else { return .unknown }
            learn(component)
            return .found(component)
        } catch {
            return .unavailable
        }
    }
}
