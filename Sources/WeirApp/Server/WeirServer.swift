package import HTTPServer
package import Ingest
package import Logging
import Synchronization

/// One Weir: everything that listens, writes and reads, made in one straight line and undone backwards.
///
/// Embeddable: `start`, any number of requests, `stop`. A stopped one does not start again.
package final class WeirServer: Sendable {
    let settings: Settings
    let features: [Feature]
    let logger: Logger
    let faultPoint: FaultPoint
    let teardown: TeardownList
    // Guards what is known once everything runs.
    private let running = Mutex<Running?>(nil)

    /// What is known once everything runs.
    struct Running {
        let addresses: [BoundAddress]
        let banner: Banner
    }

    /// Makes a server; nothing is touched before `start`.
    package init(
        _ settings: Settings,
        features: [Feature] = Feature.all,
        logger: Logger,
        faultPoint: FaultPoint = .none
    ) {
        self.settings = settings
        self.features = features
        self.logger = logger
        self.faultPoint = faultPoint
        teardown = TeardownList(logger: logger)
    }

    /// Where it listens, with the real ports; empty before `start` and after `stop`.
    package var addresses: [BoundAddress] { running.withLock { $0?.addresses ?? [] } }

    /// What to print when it is ready; nil before that.
    package var banner: Banner? { running.withLock { $0?.banner } }

    /// Starts everything. Returns when rows can be written, or when PostgreSQL turned out to be away.
    ///
    /// Throws what an operator has to mend; whatever was started by then is stopped. `StartError.describing` makes one
    /// line of it.
    @discardableResult
    package func start() async throws -> [BoundAddress] {
        if let place = faultPoint.place {
            logger.critical("this process will kill itself", metadata: ["fault.point": "\(place.rawValue)"])
        }
        do {
            let running = try await assemble()
            self.running.withLock { $0 = running }
            return running.addresses
        } catch {
            await teardown.run()
            throw error
        }
    }

    /// Answers what is in progress, then stops everything, the last started first. Bounded in time; idempotent.
    package func stop() async {
        await teardown.run()
        running.withLock { $0 = nil }
    }

    /// Starts, calls `ready`, and stops at the first signal.
    package func run(until signals: StopSignals, ready: (Banner) -> Void) async throws {
        try await start()
        if let banner { ready(banner) }
        logger.info("ready")
        await signals.waitForFirst()
        logger.info("stopping")
        await stop()
        logger.info("stopped")
    }
}
