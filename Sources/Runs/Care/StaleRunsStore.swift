import Core
import Ingest
import Postgres

/// A run that looks abandoned.
struct StaleRun: Hashable, Sendable {
    let eventID: String
    /// As its client wrote it.
    let createdAt: String
}

/// The SQL of the maintenance job that looks after abandoned runs.
enum StaleRunsStore {
    private static let fetch = Statement(
        "stale runs",
        """
        SELECT event_id, created_at
        FROM agent_run
        WHERE status = 'running' AND created_order < $1
        ORDER BY created_order
        LIMIT $2
        """
    )

    /// Runs that say they are running and were created before `limit`, the oldest first.
    static func fetch(before limit: Timestamp, atMost count: Int, on connection: Connection) throws
        -> [StaleRun]
    {
        try connection.execute(fetch, [.timestamp(limit), .int(count)]).map { row in
            StaleRun(eventID: try row.text("event_id"), createdAt: try row.text("created_at"))
        }
    }
}
