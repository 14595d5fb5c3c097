internal import Dispatch
package import Logging
internal import Synchronization

/// An HTTP server: listeners, lanes and their connections.
///
/// Embeddable: `start`, then any number of requests, then `drain` and `stop`; without them it keeps running. All
/// members may be called from any thread.
package final class Server: Sendable {
    private enum Phase {
        case new
        case running([Listener], [LaneResources])
        case stopping([LaneResources])
    }

    /// The lanes, in a fixed order.
    package let lanes: [Lane]

    private let context: ServerContext
    private let acceptQueue = DispatchQueue(label: "weir.accept")
    private let phase = Mutex(Phase.new)

    /// Makes a server; nothing is opened before `start`.
    package init(
        configuration: ServerConfiguration,
        application: any Application,
        logger: Logger,
        observer: (any ServerObserver)? = nil
    ) {
        context = ServerContext(
            configuration: configuration,
            application: application,
            observer: observer ?? SilentObserver(),
            logger: logger
        )
        lanes = (0..<max(1, configuration.laneCount)).map { Lane(label: "weir.lane.\($0)") }
    }

    /// How many connections are open.
    package var connectionCount: Int { context.census.count }

    /// Bytes of request bodies that are held, and how many connections wait for the budget.
    package var bodyBudget: (heldBytes: Int, waiting: Int) { (context.budget.used, context.budget.waiting) }

    /// Where the server listens; empty before `start` and after `drain`.
    package var addresses: [BoundAddress] {
        phase.withLock { phase in
            guard case .running(let listeners, _) = phase else { return [] }
            return listeners.map(\.address)
        }
    }

    /// Opens all listeners, then accepts; if one can't be opened, none stays open.
    ///
    /// Resolves host names, which blocks. A server starts once; a second call is a bug of the caller.
    @discardableResult
    package func start() throws(ListenError) -> [BoundAddress] {
        let resources = try makeResources()
        let listeners = try openListeners(resources)
        phase.withLock { phase in
            guard case .new = phase else { preconditionFailure("BUG: a server starts once") }
            phase = .running(listeners, resources)
        }
        onLanes(resources) { $0.start() }
        for listener in listeners {
            listener.start()
            context.logger.debug("listening", metadata: ["http.listener": "\(listener.address)"])
        }
        return listeners.map(\.address)
    }

    /// Closes the listeners, lets requests in progress finish, closes idle connections.
    ///
    /// Returns true when no connection is left, false on a timeout.
    @discardableResult
    package func drain(deadline: Duration) async -> Bool {
        context.beginDraining()
        onLanes(await closeListeners()) { $0.drain() }
        return await context.census.waitUntilEmpty(within: deadline)
    }

    /// Closes everything at once, requests in progress too; bounded in time, may be called again.
    package func stop() async {
        context.beginDraining()
        onLanes(await closeListeners()) { $0.stop() }
        // Only a lane that is blocked by a handler can make this wait at all.
        if await !context.census.waitUntilEmpty(within: .seconds(5)) {
            context.logger.error(
                "connections are left after stopping",
                metadata: ["count": "\(context.census.count)"]
            )
        }
    }

    private func closeListeners() async -> [LaneResources] {
        let (listeners, resources) = phase.withLock { phase -> ([Listener], [LaneResources]) in
            switch phase {
            case .new:
                return ([], [])
            case .running(let listeners, let resources):
                phase = .stopping(resources)
                return (listeners, resources)
            case .stopping(let resources):
                return ([], resources)
            }
        }
        for listener in listeners {
            await withCheckedContinuation { continuation in
                listener.stop { continuation.resume() }
            }
        }
        return resources
    }

    private func onLanes(_ resources: [LaneResources], _ work: @escaping @Sendable (LaneResources) -> Void) {
        for lane in resources {
            lane.lane.queue.async { work(lane) }
        }
    }

    // MARK: - Opening

    private func makeResources() throws(ListenError) -> [LaneResources] {
        var all: [LaneResources] = []
        for lane in lanes {
            do {
                all.append(try LaneResources(lane: lane, context: context))
            } catch {
                let first = context.configuration.listeners.first?.description ?? "any address"
                throw ListenError(listener: first, call: error.call, code: error.code)
            }
        }
        return all
    }

    private func openListeners(_ resources: [LaneResources]) throws(ListenError) -> [Listener] {
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
