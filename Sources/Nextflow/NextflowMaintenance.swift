internal import Core
package import Ingest
internal import Postgres

/// The maintenance jobs of this feature's tables.
package enum NextflowMaintenance {
    /// How long digests are kept after the slowest loader's position: the window of a resend, and a margin for
    /// clocks.
    private static let digestAge = Duration.seconds(1200)

    /// Future partitions, retention of digests, and the sealing of sketches.
    package static let jobs = [
        MaintenanceJob("nextflow.partitions", every: .seconds(3600)) { connection, now in
            try DayPartitions.telemetry.ensureAhead(from: now, on: connection)
            try DayPartitions.towerCalls.ensureAhead(from: now, on: connection)
        },
        MaintenanceJob("nextflow.digests", every: .seconds(10)) { connection, now in
            try deleteDigests(on: connection, now: now)
        },
        MaintenanceJob("nextflow.sketches", every: .seconds(60)) { connection, now in
            try SealedSketches.seal(on: connection, now: now, for: .seconds(45))
        },
    ]

    /// Digests are compared by the times of the lines, so they must outlive a loader that is still catching up.
    private static func deleteDigests(on connection: Connection, now: Timestamp) throws {
        let limit = now - digestAge
        guard try NextflowApplyStore.isCaughtUp(since: limit, on: connection) else { return }
        while try NextflowApplyStore.deleteDigests(before: limit, on: connection) == 20_000 {}
    }
}
