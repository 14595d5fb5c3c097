internal import Dispatch
package import Logging
internal import Synchronization

/// An HTTP server: listeners, lanes and their connections.
///
/// Embeddable: `start`, then any number of requests, then `drain` and `stop`, without which it goes on. All
/// members may be called from any thread.
package final class Server: Sendable {
    private enum Phase {
        case new
        case running([Listener])
        case stopping
    }

    private let context: ServerContext
    private let resources: [LaneResources]
    private let acceptQueue = DispatchQueue(label: "weir.accept")
    private let phase = Mutex(Phase.new)

    /// The lanes, in a fixed order.
    package var lanes: [Lane] { resources.map(\.lane) }

    /// Makes a server; nothing is opened before `start`.
    package init(
        configuration: ServerConfiguration,
        application: any Application,
        logger: Logger,
        observer: (any ServerObserver)? = nil
    ) {
        let context = ServerContext(
            configuration: configuration,
            application: application,
            observer: observer ?? SilentObserver(),
            logger: logger
        )
        self.context = context
        resources = (0..<max(1, configuration.laneCount)).map { index in
            LaneResources(lane: Lane(label: "weir.lane.\(index)"), context: context)
        }
    }

    /// How many connections are open.
    package var connectionCount: Int { context.census.count }

    /// Bytes of request bodies that are held, and how many connections wait to be read because of it.
    package var bodyBudget: (heldBytes: Int, waiting: Int) { (context.budget.used, context.budget.waiting) }

    /// Where the server listens; empty before `start` and after `drain`.
    package var addresses: [BoundAddress] {
        phase.withLock { phase in
            guard case .running(let listeners) = phase else { return [] }
            return listeners.map(\.address)
        }
    }

    /// Opens all listeners, then accepts; when one can't be opened none is.
    ///
    /// Resolves host names, which blocks. A server starts once; a second call is a fault of the caller.
    @discardableResult
    package func start() throws(ListenError) -> [BoundAddress] {
        let listeners = try openListeners()
        phase.withLock { phase in
            guard case .new = phase else { preconditionFailure("BUG: a server starts once") }
            phase = .running(listeners)
        }
        for resources in resources {
            resources.lane.queue.async { resources.startTimer() }
        }
        for listener in listeners {
            listener.start()
            context.logger.info("listening", metadata: ["http.listener": "\(listener.address)"])
        }
        return listeners.map(\.address)
    }

    /// Closes the listeners, lets requests in progress finish, closes idle connections.
    ///
    /// Returns true when no connection is left, false when the time is over before.
    @discardableResult
    package func drain(deadline: Duration) async -> Bool {
        context.beginDraining()
        await closeListeners()
        for resources in resources {
            resources.lane.queue.async { resources.drain() }
        }
        return await context.census.waitUntilEmpty(within: deadline)
    }

    /// Closes everything at once, requests in progress too; bounded in time, may be called again.
    package func stop() async {
        context.beginDraining()
        await closeListeners()
        for resources in resources {
            resources.lane.queue.async {
                resources.stopTimer()
                resources.stop()
            }
        }
        // Only a lane that is blocked by a handler can make this wait at all.
        if await !context.census.waitUntilEmpty(within: .seconds(5)) {
            context.logger.error(
                "connections are left after stopping",
                metadata: ["count": "\(context.census.count)"]
            )
        }
    }

    private func closeListeners() async {
        let listeners = phase.withLock { phase -> [Listener] in
            defer { phase = .stopping }
            guard case .running(let listeners) = phase else { return [] }
            return listeners
        }
        for listener in listeners {
            await withCheckedContinuation { continuation in
                listener.stop { continuation.resume() }
            }
        }
    }

    // MARK: - Opening

    private func openListeners() throws(ListenError) -> [Listener] {
        let configuration = context.configuration
        var listeners: [Listener] = []
        for specification in configuration.listeners {
            do {
                let socket = try ListeningSocket.open(
                    specification,
                    isV6Only: Server.sharesPort(specification, with: configuration.listeners),
                    configuration: configuration
                )
                listeners.append(
                    Listener(socket, context: context, lanes: resources, queue: acceptQueue)
                )
            } catch {
                for listener in listeners { listener.discard() }
                throw error
            }
        }
        return listeners
    }

    /// Whether a listener for all IPv6 interfaces must leave its port's IPv4 side to another listener.
    private static func sharesPort(
        _ specification: ListenSpecification,
        with all: [ListenSpecification]
    ) -> Bool {
        guard case .tcp(_, let port) = specification.endpoint, port != 0 else { return false }
        return all.contains { other in
            guard other != specification, case .tcp(let host, port) = other.endpoint else { return false }
            return !host.contains(":")
        }
    }
}
