internal import Dispatch
internal import Glibc
internal import HTTP
internal import Synchronization

/// Resources that the connections of one lane share without locks: buffers, the date, ids, the timer.
final class LaneResources: @unchecked Sendable {  // safe: variables are used on `lane.queue` only
    let lane: Lane
    let context: ServerContext

    /// One read at a time happens on a lane, and every byte is parsed or copied before the next.
    let readBuffer: UnsafeMutableRawBufferPointer
    let poller: Poller

    private let open = Atomic<Int>(0)
    private(set) var isStopped = false
    private var connections: [Int32: ClientConnection] = [:]  // by descriptor
    private var spareBuffers: [[UInt8]] = []
    private var dateSecond = 0
    private var dateText: [UInt8] = []
    private var identifiers = RequestIdentifiers()
    private var timer: (any DispatchSourceTimer)?
    private var longWork: [@Sendable () -> Void] = []  // in order; the first is running or will be

    private static let spareBufferCount = 16
    private static let spareBufferBytes = 64 << 10

    init(lane: Lane, context: ServerContext) throws(SystemCallError) {
        poller = try Poller(queue: lane.queue)
        self.lane = lane
        self.context = context
        readBuffer = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit {
        readBuffer.deallocate()
    }

    /// Traps in debug builds when the caller is elsewhere.
    func assertCurrent() {
        assert(lane.isCurrent, "BUG: not on \(lane)")
    }

    // MARK: - Connections

    /// How many connections the lane has or is about to get; from any thread.
    var load: Int { open.load(ordering: .relaxed) }

    /// Counts a connection that is about to come; from any thread.
    func connectionComes() {
        open.add(1, ordering: .relaxed)
    }

    func add(_ connection: ClientConnection, descriptor: Int32) {
        assertCurrent()
        connections[descriptor] = connection
    }

    func remove(descriptor: Int32) {
        assertCurrent()
        connections[descriptor] = nil
        open.subtract(1, ordering: .relaxed)
    }

    /// Closes connections without a request; the others close after their response.
    func drain() {
        assertCurrent()
        for connection in Array(connections.values) { connection.drain() }
    }

    /// Closes all connections at once, and later ones.
    func stop() {
        assertCurrent()
        guard !isStopped else { return }
        isStopped = true
        timer?.cancel()
        timer = nil
        for connection in Array(connections.values) { connection.close() }
        poller.cancel()
    }

    // MARK: - The timer

    /// Starts watching sockets and deadlines.
    func start() {
        assertCurrent()
        poller.activate { [weak self] in self?.connections[$0]?.ready($1) }
        startTimer()
    }

    private func startTimer() {
        let timer = DispatchSource.makeTimerSource(queue: lane.queue)
        let nanoseconds = max(1_000_000, Int(clamping: context.configuration.timeouts.resolution.nanoseconds))
        timer.schedule(
            deadline: .now() + .nanoseconds(nanoseconds),
            repeating: .nanoseconds(nanoseconds),
            leeway: .nanoseconds(nanoseconds / 10)
        )
        timer.setEventHandler { [weak self] in self?.checkDeadlines() }
        timer.activate()
        self.timer = timer
    }

    private func checkDeadlines() {
        let now = monotonicNow()
        // Few connections are due at any time, so most ticks allocate nothing.
        var due: [ClientConnection] = []
        for connection in connections.values where connection.isDue(at: now) { due.append(connection) }
        for connection in due { connection.deadlinePassed(at: now) }
    }

    // MARK: - Long work

    /// Runs a piece of long work after everything else on the lane had a turn since the previous piece.
    ///
    /// However many connections have long work, others wait for one piece of it only.
    func doLater(_ work: @escaping @Sendable () -> Void) {
        assertCurrent()
        longWork.append(work)
        if longWork.count == 1 { scheduleLongWork() }
    }

    private func scheduleLongWork() {
        lane.queue.async {
            self.longWork[0]()
            self.longWork.removeFirst()
            if !self.longWork.isEmpty { self.scheduleLongWork() }
        }
    }

    // MARK: - Lending

    func lendBuffer() -> [UInt8] {
        spareBuffers.popLast() ?? []
    }

    /// Takes a lent buffer back; frees it if it has grown too large.
    func takeBack(_ buffer: consuming [UInt8]) {
        var buffer = buffer
        guard spareBuffers.count < LaneResources.spareBufferCount else { return }
        guard (1...LaneResources.spareBufferBytes).contains(buffer.capacity) else { return }
        buffer.removeAll(keepingCapacity: true)
        spareBuffers.append(buffer)
    }

    /// The `Date` field's value for this second (RFC 9110 §5.6.7).
    func date() -> [UInt8] {
        let second = time(nil)
        if second != dateSecond {
            dateSecond = second
            dateText = IMFFixdate.bytes(secondsSince1970: Int64(second))
        }
        return dateText
    }

    /// The request's own id if it is valid, otherwise a new one.
    func identifier(for head: RequestHead) -> String {
        identifiers.next(given: head.fields["X-Request-Id"])
    }
}
