package import HTTPServer
package import Ingest
package import Logging
import OpenTelemetry
import Synchronization

/// One Weir: everything that listens, writes and reads, started in one straight line and stopped in reverse order.
///
/// Embeddable: `start`, any number of requests, `stop`. A stopped server does not start again.
package final class WeirServer: Sendable {
    let settings: Settings
    let features: [Feature]
    let logger: Logger
    let faultPoint: FaultPoint
    let teardown: TeardownList
    /// The spans of this process: of requests and of batches.
    let spans = SpanRecorder()
    // Guards the state of the running server.
    private let running = Mutex<Running?>(nil)

    /// The state of the running server.
    struct Running {
        let addresses: [BoundAddress]
        let banner: Banner
    }

    /// Makes a server; does nothing before `start`.
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

    /// The addresses of its listeners, with the real ports; empty before `start` and after `stop`.
    package var addresses: [BoundAddress] { running.withLock { $0?.addresses ?? [] } }

    /// The banner for when it is ready; nil before that.
    package var banner: Banner? { running.withLock { $0?.banner } }

    /// Starts everything. Returns when rows can be written, or when PostgreSQL cannot be reached.
    ///
    /// Throws errors that an operator has to fix; everything that was started by then is stopped.
    /// `StartError.describing` makes one line of them.
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

    /// Finishes requests in progress, then stops everything in reverse order. Bounded in time; idempotent.
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
