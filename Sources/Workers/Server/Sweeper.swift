internal import Core
internal import Dispatch
internal import Ingest
internal import Journal
internal import Postgres

/// Marks components as offline whose heartbeats have stopped. Contract noetl §2.6.
///
/// It changes no row. It writes a line, as a client would; and the line concerns only components that have sent no
/// later heartbeat when it is loaded, so that what still waits in the journal is not forgotten.
struct Sweeper: Sendable {
    let journal: Journal
    let limit: Duration
    let interval: Duration

    private static let stale = Statement(
        "components without a heartbeat",
        """
        SELECT EXISTS (
            SELECT
            FROM component
            WHERE status <> 'offline'
              AND last_heartbeat < $1
              AND coalesce(runtime ->> 'type', '') NOT IN ('pushgateway', 'remote_write', 'otlp')
        ) AS found
        """
    )

    var job: MaintenanceJob {
        MaintenanceJob("workers.sweep", every: interval) { connection, now in
            let before = now - limit
            guard try connection.execute(Self.stale, [.timestamp(before)])[0].bool("found") else { return }
            var body = JSONWriter()
            body.object { $0.member("before", before.iso8601()) }
            // One that is not durable is written again next time.
            journal.append(kind: WorkersLine.Kind.sweep.rawValue, body: body.bytes, on: .global()) { _ in }
        }
    }
}
