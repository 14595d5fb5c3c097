internal import Dispatch
internal import Glibc
internal import Logging
internal import Synchronization

/// The state that all connections of one server share.
final class ServerContext: Sendable {
    let configuration: ServerConfiguration
    let application: any Application
    let observer: any ServerObserver
    let logger: Logger
    let budget: BodyBudget
    let census = ConnectionCensus()
    let times: Times

    private let draining = Atomic<Bool>(false)

    init(
        configuration: ServerConfiguration,
        application: any Application,
        observer: any ServerObserver,
        logger: Logger
    ) {
        self.configuration = configuration
        self.application = application
        self.observer = observer
        self.logger = logger
        budget = BodyBudget(limit: configuration.bufferedBodyBytes)
        times = Times(configuration.timeouts)
    }

    /// Whether every response is now the last one of its connection.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }
}

/// The timeouts in nanoseconds, computed once.
struct Times: Sendable {
    let head: UInt64
    let bodyWindow: UInt64
    let idle: UInt64
    let write: UInt64
    let handler: UInt64
    let asyncHandler: UInt64
    let linger: UInt64

    init(_ timeouts: Timeouts) {
        head = timeouts.head.nanoseconds
        bodyWindow = timeouts.bodyWindow.nanoseconds
        idle = timeouts.idle.nanoseconds
        write = timeouts.write.nanoseconds
        handler = timeouts.handler.nanoseconds
        asyncHandler = timeouts.asyncHandler.nanoseconds
        linger = timeouts.linger.nanoseconds
    }
}

/// Counts connections from `accept` to `close`.
final class ConnectionCensus: Sendable {
    private let open = Atomic<Int>(0)
    private let group = DispatchGroup()
    private let queue = DispatchQueue(label: "weir.census")

    var count: Int { open.load(ordering: .relaxed) }

    func enter() {
        open.add(1, ordering: .relaxed)
        group.enter()
    }

    func leave() {
        open.subtract(1, ordering: .relaxed)
        group.leave()
    }

    /// Waits until no connection is open; false on a timeout.
    func waitUntilEmpty(within limit: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            let settle = Settlement(continuation)
            group.notify(queue: queue) { settle.resume(true) }
            let nanoseconds = Int(clamping: limit.nanoseconds)
            queue.asyncAfter(deadline: .now() + .nanoseconds(nanoseconds)) { settle.resume(false) }
        }
    }
}

/// Resumes a continuation once, by the first of several calls.
private final class Settlement: Sendable {
    private let continuation: Mutex<CheckedContinuation<Bool, Never>?>

    init(_ continuation: CheckedContinuation<Bool, Never>) {
        self.continuation = Mutex(continuation)
    }

    func resume(_ value: Bool) {
        continuation.withLock { $0.take() }?.resume(returning: value)
    }
}

/// Nanoseconds of the monotonic clock.
func monotonicNow() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}
