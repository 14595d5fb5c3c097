internal import Core
internal import Postgres

/// The SQL of pings in the loader.
enum PingsApplyStore {
    private static let bySlug = Statement(
        "checks of slugs",
        """
        SELECT c.id, c.key_digest, c.slug
        FROM ping_check c
        JOIN unnest($1::uuid[], $2::text[]) AS p (key_digest, slug) USING (key_digest, slug)
        """
    )
    private static let lock = Statement(
        "lock checks",
        "SELECT id, name, project FROM ping_check WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
    )
    private static let states = Statement(
        "ping states",
        """
        SELECT check_id, last_ping_at, last_kind, last_exit, last_start_at, open_run, open_since, bare_run, bare_at
        FROM ping_state WHERE check_id = ANY ($1::uuid[])
        """
    )
    private static let storeStates = Statement(
        "store ping states",
        file: PackageResources.store_ping_states_sql
    )
    private static let insert = Statement("insert pings", file: PackageResources.insert_pings_sql)

    /// The checks of some pings, locked until the transaction ends, and how they stand.
    static func book(_ pings: [Ping], on connection: Connection) throws -> PingBook {
        let slugs = try ids(ofSlugs: pings, on: connection)
        let ids = Set(pings.compactMap { slugs[$0.subject] ?? $0.checkID })
        var known: [UUID128: PingBook.Check] = [:]
        for row in try connection.execute(lock, [.uuidArray(ids.sorted())]) {
            let check = PingBook.Check(
                id: try row.uuid("id"),
                name: try row.text("name"),
                project: try row.optionalText("project")
            )
            known[check.id] = check
        }
        var checks: [Ping.Subject: PingBook.Check] = [:]
        for ping in pings {
            checks[ping.subject] = (slugs[ping.subject] ?? ping.checkID).flatMap { known[$0] }
        }
        return PingBook(checks, try fetchStates(Array(known.keys), on: connection))
    }

    /// The ids of the checks of slugs; a slug that several checks have means none of them.
    private static func ids(ofSlugs pings: [Ping], on connection: Connection) throws -> [Ping.Subject:
        UUID128]
    {
        var keys: [UUID128] = []
        var slugs: [String] = []
        for case .slug(let key, let slug) in Set(pings.map(\.subject)) {
            keys.append(key)
            slugs.append(slug)
        }
        guard !keys.isEmpty else { return [:] }
        var found: [Ping.Subject: [UUID128]] = [:]
        for row in try connection.execute(bySlug, [.uuidArray(keys), .textArray(slugs)]) {
            let subject = Ping.Subject.slug(key: try row.uuid("key_digest"), try row.text("slug"))
            found[subject, default: []].append(try row.uuid("id"))
        }
        return found.compactMapValues { $0.count == 1 ? $0[0] : nil }
    }

    private static func fetchStates(_ ids: [UUID128], on connection: Connection) throws
        -> [UUID128: PingBook.State]
    {
        var states: [UUID128: PingBook.State] = [:]
        for row in try connection.execute(Self.states, [.uuidArray(ids)]) {
            states[try row.uuid("check_id")] = PingBook.State(
                lastPingAt: try row.optionalTimestamp("last_ping_at"),
                lastKind: try row.optionalText("last_kind"),
                lastExit: try row.optionalInt("last_exit"),
                lastStartAt: try row.optionalTimestamp("last_start_at"),
                openRun: try row.optionalText("open_run"),
                openSince: try row.optionalTimestamp("open_since"),
                bareRun: try row.optionalText("bare_run"),
                bareAt: try row.optionalTimestamp("bare_at")
            )
        }
        return states
    }

    /// Writes the pings of a book and how their checks stand then.
    static func store(_ book: PingBook, on connection: Connection) throws {
        try store(
            states: book.changed.sorted().map { ($0, book.states[$0] ?? PingBook.State()) },
            on: connection
        )
        let entries = book.entries
        guard !entries.isEmpty else { return }
        let pings = entries.map(\.ping)
        try connection.execute(
            insert,
            [
                .uuidArray(pings.map(\.id)), .uuidArray(entries.map(\.check)),
                .timestampArray(pings.map(\.at)),
                .textArray(pings.map(\.kind.rawValue)),
                .int64Array(pings.map { $0.exitStatus.map { Int64($0) } }),
                .uuidArray(pings.map(\.rid)), .textArray(entries.map(\.eventID)),
                .textArray(pings.map(\.method)),
                .textArray(pings.map(\.remote)), .textArray(pings.map(\.userAgent)),
                .textArray(pings.map(\.body)),
                .int64Array(pings.map { Int64($0.bodyBytes) }),
            ]
        )
    }

    private static func store(states rows: [(id: UUID128, state: PingBook.State)], on connection: Connection)
        throws
    {
        guard !rows.isEmpty else { return }
        let states = rows.map(\.state)
        try connection.execute(
            storeStates,
            [
                .uuidArray(rows.map(\.id)), .timestampArray(states.map(\.lastPingAt)),
                .textArray(states.map(\.lastKind)), .int64Array(states.map { $0.lastExit.map { Int64($0) } }),
                .timestampArray(states.map(\.lastStartAt)), .textArray(states.map(\.openRun)),
                .timestampArray(states.map(\.openSince)), .textArray(states.map(\.bareRun)),
                .timestampArray(states.map(\.bareAt)),
            ]
        )
    }
}

extension Ping {
    /// The check that the line names; nil when it names a slug.
    fileprivate var checkID: UUID128? {
        guard case .check(let id) = subject else { return nil }
        return id
    }
}
