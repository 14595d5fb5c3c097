internal import Core
internal import Ingest
internal import Postgres

/// Deletes the rows of pushed metrics that are not shown any more. They stay for a day: lines of other Weirs that were
/// written before may still have to be applied.
enum PushCare {
    private static let keep = Duration.seconds(86_400)
    private static let families = Statement(
        "delete expired push families",
        "DELETE FROM push_family WHERE expires_at < $1"
    )
    private static let groups = Statement(
        "delete dead push groups",
        file: PackageResources.delete_push_groups_sql
    )

    static let job = MaintenanceJob("workers.pushes", every: .seconds(600)) { connection, now in
        try delete(before: now - keep, on: connection)
    }

    static func delete(before limit: Timestamp, on connection: Connection) throws {
        try connection.execute(families, [.timestamp(limit)])
        try connection.execute(groups, [.timestamp(limit), .int64(Snowflake.first(at: limit))])
    }
}
