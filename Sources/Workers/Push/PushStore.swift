internal import Core
internal import Ingest
internal import Postgres

/// A group as PostgreSQL has it.
struct StoredGroup: Sendable {
    /// A metric of it.
    struct Family: Sendable {
        let family: PushedFamily
        let pushedID: Int64
        let expiresAt: Timestamp?
    }

    let group: PushGroup
    let component: Component
    let pushedID: Int64
    let expiresAt: Timestamp?
    let failedID: Int64
    let clearedID: Int64
    let deletedID: Int64
    var families: [Family] = []
}

/// The SQL that reads pushed groups.
enum PushStore {
    private static let changed = Statement(
        "changed push groups",
        file: PackageResources.changed_push_groups_sql
    )
    private static let horizon = Statement(
        "oldest open transaction",
        "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid"
    )

    /// The transaction from which the next call of `forEachChanged` has to look, if it is asked before this one.
    static func fetchHorizon(on connection: Connection) throws -> String {
        try connection.execute(horizon, [])[0].text("xid")
    }

    /// Calls `body` with the groups that changed from a transaction on.
    static func forEachChanged(
        since transaction: String,
        on connection: Connection,
        _ body: (StoredGroup) -> Void
    ) throws {
        var current: StoredGroup?
        try connection.forEachRow(of: changed, [.text(transaction)]) { row in
            guard let group = PushGroup(LabelSet(json: try row.optionalUTF8("labels"))) else { return true }
            if current?.group != group {
                if let current { body(current) }
                current = StoredGroup(
                    group: group,
                    component: Component(key: group.component, id: try row.optionalInt64("runtime_id") ?? 0),
                    pushedID: try row.int64("pushed_id"),
                    expiresAt: try row.optionalTimestamp("expires_at"),
                    failedID: try row.int64("failed_id"),
                    clearedID: try row.int64("cleared_id"),
                    deletedID: try row.int64("deleted_id")
                )
            }
            if let json = try row.optionalUTF8("family"),
                let family = (try? JSONDocument(json)).flatMap({ PushedFamily($0.root) }),
                let id = try row.optionalInt64("family_pushed_id")
            {
                current?.families.append(
                    StoredGroup.Family(
                        family: family,
                        pushedID: id,
                        expiresAt: try row.optionalTimestamp("family_expires_at")
                    )
                )
            }
            return true
        }
        if let current { body(current) }
    }
}
