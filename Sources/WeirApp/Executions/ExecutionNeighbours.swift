import Alerts
import Configuration
import Core
import Executions
import Postgres
import Provenance
import Workers

/// Answers what executions ask of the other features: features know nothing of each other.
struct ExecutionNeighbours: ExecutionSurroundings {
    private let keep: Duration

    init(_ settings: SettingValues) {
        keep = settings[WorkersSettings.samplesKeep]
    }

    func events(of execution: UUID128, atMost count: Int, on connection: Connection) throws -> [[UInt8]] {
        try RecentEvents.of(execution: execution, atMost: count, on: connection)
    }

    func workers(at now: Timestamp, on connection: Connection) throws -> [ExecutionWorker] {
        try WorkerMeasurements(connection: connection, now: now, keep: keep).components()
            .filter { $0.type == "worker_pool" && $0.sendsHeartbeats }
            .map { found in
                ExecutionWorker(
                    pool: found.name,
                    heartbeatAge: max(.zero, now - found.lastHeartbeatAt),
                    isStopped: found.isDeregistered
                )
            }
    }

    func deliveries(since time: Timestamp, on connection: Connection) throws -> Int64 {
        try AlertDeliveryCount.since(time, on: connection)
    }
}
