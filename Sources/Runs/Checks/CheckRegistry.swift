internal import Core
internal import Postgres
internal import Synchronization

/// The checks in memory: a ping asks no database.
///
/// PostgreSQL has the truth. What is missing here is looked for there before it counts as unknown; while PostgreSQL is
/// away and the checks were never read, every ping is taken, and the loader finds its check. Any thread.
final class CheckRegistry: Sendable {
    /// The result of a look-up.
    enum Finding: Sendable, Hashable {
        case found(Ping.Subject)
        case created(Ping.Subject)
        case unknown
        case ambiguous
        /// The client has asked for too many that are unknown.
        case refused
        /// PostgreSQL is away, and the check may be new.
        case unavailable
    }

    private struct Guarded {
        var isLoaded = false
        var ids: Set<UUID128> = []
        var slugs: [Ping.Subject: [UUID128]] = [:]

        /// What is known of the check of a path; nil when PostgreSQL must be asked.
        func finding(_ name: PingTarget.Name) -> Finding? {
            switch name {
            case .uuid(let uuid):
                let id = CheckKeys.id(of: uuid)
                return ids.contains(id) ? .found(.check(id)) : nil
            case .slug(let key, let slug):
                return slugs[.slug(key: CheckKeys.digest(of: key), slug)].map(CheckRegistry.finding)
            }
        }

        mutating func insert(_ names: CheckStore.Names) {
            guard ids.insert(names.id).inserted, let key = names.key, let slug = names.slug else { return }
            slugs[.slug(key: key, slug), default: []].append(names.id)
        }
    }

    private let pool: Pool
    private let unknown: UnknownPings
    // Guards the known checks.
    private let guarded = Mutex(Guarded())

    init(pool: Pool, unknown: UnknownPings) {
        self.pool = pool
        self.unknown = unknown
    }

    /// The check of a path that a client pings; with `creating`, an unknown slug of a known key gets one.
    func find(_ name: PingTarget.Name, creating: Bool, for client: String) async -> Finding {
        let (known, isLoaded) = guarded.withLock { ($0.finding(name), $0.isLoaded) }
        if let known { return known }
        // Before the checks are read, any of them may be meant.
        if isLoaded {
            if !creating, unknown.contains(name, at: .now) { return .unknown }
            guard unknown.hasRoom(for: client, at: .now) else { return .refused }
        }
        let finding =
            switch name {
            case .uuid(let uuid): await fetch(CheckKeys.id(of: uuid), isLoaded)
            case .slug(let key, let slug): await fetch(key, slug, creating, isLoaded)
            }
        if finding == .unknown { unknown.insert(name, of: client, at: .now) }
        return finding
    }

    private func fetch(_ id: UUID128, _ isLoaded: Bool) async -> Finding {
        do {
            let exists = try await pool.withConnection { try CheckStore.exists(id, on: $0) }
            return exists ? .found(.check(id)) : .unknown
        } catch {
            return isLoaded ? .unavailable : .found(.check(id))
        }
    }

    private func fetch(_ key: String, _ slug: String, _ creates: Bool, _ isLoaded: Bool) async -> Finding {
        let digest = CheckKeys.digest(of: key)
        do {
            return try await pool.withConnection { connection in
                let (ids, isKey) = try CheckStore.fetch(key: digest, slug: slug, on: connection)
                guard ids.isEmpty, isKey, creates else { return Self.finding(ids) }
                return try Self.create(key, slug, on: connection)
            }
        } catch {
            return isLoaded || creates ? .unavailable : .found(.slug(key: digest, slug))
        }
    }

    private static func finding(_ ids: [UUID128]) -> Finding {
        switch ids.count {
        case 0: .unknown
        case 1: .found(.check(ids[0]))
        default: .ambiguous
        }
    }

    private static func create(_ key: String, _ slug: String, on connection: Connection) throws -> Finding {
        let digest = CheckKeys.digest(of: key)
        return try connection.transaction {
            try CheckStore.lockKey(digest, on: connection)
            // Another request may have made it meanwhile.
            let (ids, isKey) = try CheckStore.fetch(key: digest, slug: slug, on: connection)
            guard ids.isEmpty, isKey else { return finding(ids) }
            var settings = Check.Settings()
            (settings.name, settings.slug, settings.pingKey) = (slug, slug, key)
            let uuid = UUID128.random()
            try CheckStore.insert(settings, uuid: uuid, at: .now(), on: connection)
            return .created(.check(CheckKeys.id(of: uuid)))
        }
    }

    /// Repeats what PostgreSQL has.
    func reload(on connection: Connection) throws {
        var fresh = Guarded(isLoaded: true)
        for names in try CheckStore.fetchNames(on: connection) { fresh.insert(names) }
        guarded.withLock { $0 = fresh }
        unknown.forget()
    }
}
