internal import Dispatch
internal import Glibc
internal import HTTP
internal import Logging

/// Accepts connections from one listening socket and gives each to the lane that has the fewest.
final class Listener: @unchecked Sendable {  // safe: variables are used on `queue` only
    let address: BoundAddress

    private let context: ServerContext
    private let lanes: [LaneResources]
    private let queue: DispatchQueue
    private let info: ListenerInfo
    private let isTCP: Bool
    private let source: any DispatchSourceRead
    private var listening: ListeningSocket?
    private var isPaused = false
    private var isStopped = false
    private var stopped: @Sendable () -> Void = {}

    /// Connections to accept before other listeners get their turn.
    private static let batch = 64
    /// Bytes that the kernel buffers for a client that does not read; by default it would take some MiB for each.
    private static let unsentBytes = 128 << 10
    /// Connections beyond the maximum that get a 503; further ones are just closed.
    private static let politeRefusals = 64

    /// Accepting begins with `start`; `queue` is serial.
    init(
        _ listening: consuming ListeningSocket,
        context: ServerContext,
        lanes: [LaneResources],
        queue: DispatchQueue
    ) {
        address = listening.address
        self.context = context
        self.lanes = lanes
        self.queue = queue
        info = ListenerInfo(profile: address.profile, description: address.description)
        isTCP = address.port != nil
        source = DispatchSource.makeReadSource(fileDescriptor: listening.socket.descriptor, queue: queue)
        self.listening = consume listening
    }

    func start() {
        source.setEventHandler { self.acceptBatch() }
        source.setCancelHandler { self.close() }
        source.activate()
    }

    /// Closes the socket of a listener that was never started.
    func discard() {
        source.setCancelHandler { self.close() }
        source.activate()
        source.cancel()
    }

    /// Accepts the connections in the backlog, then closes the socket; calls `completion` afterwards.
    func stop(completion: @escaping @Sendable () -> Void) {
        queue.async {
            guard !self.isStopped else { return completion() }
            self.stopped = completion
            if !self.isPaused { self.acceptBatch() }
            self.isStopped = true
            self.source.cancel()
            self.resume()
        }
    }

    private func close() {
        listening?.removeFile()
        listening = nil
        stopped()
        stopped = {}
    }

    // MARK: - Accepting

    private func acceptBatch() {
        guard !isStopped else { return }
        for _ in 0..<Listener.batch {
            if isFull, context.configuration.excessConnections == .pause {
                pause()
                return
            }
            switch listening?.socket.accept() {
            case .connection(let descriptor, let peer): take(Socket(descriptor: descriptor), peer)
            case .lost: continue
            case .exhausted(let code):
                context.observer.connectionRefused(reason: "exhausted")
                context.logger.warning(
                    "accepting is paused: descriptors or memory have run out",
                    metadata: ["error": "\(String(cString: strerror(code)))"]
                )
                pause()
                return
            case .wouldBlock, nil: return
            }
        }
    }

    private var isFull: Bool { context.census.count >= context.configuration.maximumConnections }

    private func take(_ socket: consuming Socket, _ peer: SocketAddress) {
        let isExcess = isFull
        if isExcess {
            context.observer.connectionRefused(reason: Fault.tooManyConnections.reason)
            let polite = context.configuration.maximumConnections + Listener.politeRefusals
            guard context.census.count < polite else { return }
        }
        if isTCP {
            socket.set(TCP_NODELAY, level: Int32(IPPROTO_TCP), to: true)
            socket.limitUnsent(to: Listener.unsentBytes)
        }
        guard let home = lanes.min(by: { $0.load < $1.load }) else { return }
        let connection = ClientConnection(
            socket,
            info: ConnectionInfo(peer: Peer(address: peer.host), listener: info),
            home: home
        )
        context.census.enter()
        home.connectionComes()
        home.lane.queue.async {
            if isExcess {
                connection.openToRefuse(.tooManyConnections)
            } else {
                connection.open()
            }
        }
    }

    // MARK: - Pausing

    /// Leaves connections in the backlog for a moment.
    private func pause() {
        guard !isPaused else { return }
        isPaused = true
        source.suspend()
        queue.asyncAfter(deadline: .now() + .milliseconds(50)) { self.resume() }
    }

    private func resume() {
        guard isPaused else { return }
        isPaused = false
        source.resume()
    }
}
