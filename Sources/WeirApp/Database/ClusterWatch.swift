import Logging
import Metrics
import Postgres
import PostgresCluster
import Synchronization

/// Monitors the private cluster while Weir runs: starts it again when it has ended, restarts it when its programs
/// were replaced, and logs an error when its files have vanished.
final class ClusterWatch: Sendable {
    /// The pause between two checks, and the numbers of checks between two queries and between two log lines.
    private static let pauses = (look: Duration.seconds(2), question: 5, words: 30)
    /// The limit of restarts, for problems that a restart does not fix.
    private static let restarts = (most: 3, within: Duration.seconds(3600))

    private let keeper: DatabaseKeeper
    private let cluster: PrivateCluster
    private let logger: Logger
    // Counts the restarts of this process, for metrics.
    private let restartCount = Atomic<Int>(0)

    /// Monitors the private cluster of a keeper; nil when there is none.
    init?(_ keeper: DatabaseKeeper) {
        guard case .privateCluster(let cluster) = keeper.source else { return nil }
        self.keeper = keeper
        self.cluster = cluster
        logger = keeper.logger
    }

    /// Checks until the task is cancelled.
    func run() async {
        var memory = Memory()
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.pauses.look)
            guard !Task.isCancelled else { return }
            memory.looks += 1
            await look(&memory)
        }
    }

    /// Adds the cluster's series.
    func collect(into snapshot: inout MetricsSnapshot) {
        snapshot.gauge(
            "weir_private_cluster_lost",
            help: "Whether the files of the private PostgreSQL have vanished.",
            keeper.isClusterLost ? 1 : 0
        )
        snapshot.counter(
            "weir_private_cluster_restarts_total",
            help: "Restarts of the private PostgreSQL because its programs were replaced.",
            Double(restartCount.load(ordering: .relaxed))
        )
    }

    // MARK: - One check

    private struct Memory {
        var looks = 0
        var lostLooks = 0
        /// An upgrade replaces one file after the other: a restart needs two checks that find replaced programs.
        var hasSeenReplaced = false
        var restarts: [ContinuousClock.Instant] = []
    }

    private func look(_ memory: inout Memory) async {
        guard !keeper.isClusterLost else { return await tellOfLoss(&memory) }
        memory.lostLooks = 0
        guard cluster.isRunning else { return await startAgain() }
        guard let reason = await reasonToRestart(&memory) else { return }
        memory.restarts.removeAll { ContinuousClock.now - $0 > Self.restarts.within }
        guard memory.restarts.count < Self.restarts.most else {
            if memory.looks.isMultiple(of: Self.pauses.words) {
                logger.error(
                    "restarting the private PostgreSQL did not help: its programs do not fit its data",
                    metadata: ["error": "\(reason)"]
                )
            }
            return
        }
        memory.restarts.append(.now)
        await restart(because: reason)
    }

    private func tellOfLoss(_ memory: inout Memory) async {
        if memory.lostLooks.isMultiple(of: Self.pauses.words) {
            logger.error(
                "the files of the private PostgreSQL have vanished; events are kept in the journal",
                metadata: ["error": "\(ClusterError.lost(directory: cluster.configuration.directory))"]
            )
        }
        memory.lostLooks += 1
        // It would run for another minute, on deleted files.
        if memory.lostLooks == 1 { try? await blocking { [cluster] in try cluster.stop() } }
    }

    private func startAgain() async {
        logger.error("the private PostgreSQL has ended, starting it again")
        do {
            try await blocking { [cluster] in _ = try cluster.start() }
        } catch {
            logger.error("the private PostgreSQL does not start", metadata: ["error": "\(error)"])
        }
    }

    private func reasonToRestart(_ memory: inout Memory) async -> String? {
        let isReplaced = cluster.runsReplacedPrograms
        defer { memory.hasSeenReplaced = isReplaced }
        if isReplaced, memory.hasSeenReplaced { return "the programs on disk differ from the running ones" }
        guard memory.looks.isMultiple(of: Self.pauses.question) else { return nil }
        guard case .failed(let error) = await keeper.probe.check(within: .seconds(5)),
            error.isOfReplacedPrograms
        else { return nil }
        return error.message
    }

    private func restart(because reason: String) async {
        logger.error(
            "restarting the private PostgreSQL: its programs were replaced while it ran",
            metadata: ["reason": "\(reason)"]
        )
        restartCount.add(1, ordering: .relaxed)
        do {
            try await blocking { [cluster] in
                try cluster.stop()
                try cluster.start()
            }
            logger.info("the private PostgreSQL runs again")
        } catch {
            logger.error("the private PostgreSQL does not start", metadata: ["error": "\(error)"])
        }
    }
}
