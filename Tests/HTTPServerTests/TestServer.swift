import Core
import HTTP
import Logging
import Synchronization
import TestKit
import Testing

@testable import HTTPServer

/// All tests over sockets, one at a time: their clients block the few threads that tests run on.
@Suite(.serialized) struct ServerTests {}

/// An application made of one closure.
struct ClosureApplication: Application {
    let decide: @Sendable (RequestHead, ConnectionInfo) -> Admission.Decision

    func admit(_ head: RequestHead, _ context: ConnectionInfo) -> Admission {
        Admission(decide(head, context))
    }
}

extension ClosureApplication {
    /// Answers every request with the method, the target and the body.
    static func echo(bodyLimit: Int = 1 << 20) -> ClosureApplication {
        ClosureApplication { _, _ in
            .accept(bodyLimit: bodyLimit) { request, exchange in
                let text = "\(request.head.method.name) \(request.head.target) "
                exchange.respond(Response(status: .ok, body: .bytes(Array(text.utf8) + request.body)))
            }
        }
    }

    /// Calls a handler with every request, its body collected.
    static func handling(
        bodyLimit: Int = 1 << 20,
        _ handle: @escaping @Sendable (Request, Exchange) -> Void
    ) -> ClosureApplication {
        ClosureApplication { _, _ in .accept(bodyLimit: bodyLimit, handle: handle) }
    }

    /// Answers every request with a stream.
    static func streaming(_ stream: @escaping @Sendable () -> ByteStream) -> ClosureApplication {
        .handling { _, exchange in exchange.respond(Response(status: .ok, body: .stream(stream()))) }
    }
}

/// Lets go of an application when its test is over: some keep exchanges, which hold the server that holds them.
private final class BorrowedApplication: Application {
    private let application: Mutex<ClosureApplication?>

    init(_ application: ClosureApplication) {
        self.application = Mutex(application)
    }

    func admit(_ head: RequestHead, _ context: ConnectionInfo) -> Admission {
        application.withLock { $0 }?.admit(head, context) ?? Admission(.refuse(.text("the test is over")))
    }

    func end() {
        // Taken out first: what it kept may call back when it goes.
        let last = application.withLock { application in
            defer { application = nil }
            return application
        }
        _ = last
    }
}

/// Keeps what the server tells, and lets a test wait for it.
final class RecordingObserver: ServerObserver {
    struct Seen {
        var opened = 0
        var closed = 0
        var refusedConnections: [String] = []
        var refusedRequests: [String] = []
        var records: [RequestRecord] = []
    }

    private struct State {
        var seen = Seen()
        var waiters: [(condition: (Seen) -> Bool, continuation: CheckedContinuation<Seen, Never>)] = []
    }

    private let state = Mutex(State())

    /// Suspends until the condition holds.
    @discardableResult
    func wait(until condition: @escaping @Sendable (Seen) -> Bool) async -> Seen {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                if condition(state.seen) {
                    continuation.resume(returning: state.seen)
                } else {
                    state.waiters.append((condition, continuation))
                }
            }
        }
    }

    func connectionOpened() { note { $0.opened += 1 } }
    func connectionClosed() { note { $0.closed += 1 } }
    func connectionRefused(reason: String) { note { $0.refusedConnections.append(reason) } }
    func requestRefused(reason: String) { note { $0.refusedRequests.append(reason) } }
    func requestFinished(_ record: RequestRecord) { note { $0.records.append(record) } }

    private func note(_ change: (inout Seen) -> Void) {
        state.withLock { state in
            change(&state.seen)
            let seen = state.seen
            let ready = state.waiters.filter { $0.condition(seen) }
            state.waiters.removeAll { $0.condition(seen) }
            for waiter in ready { waiter.continuation.resume(returning: seen) }
        }
    }
}

/// A server on port 0 of the loopback address.
struct TestServer: Sendable {
    let server: Server
    let observer: RecordingObserver
    let addresses: [BoundAddress]

    /// Where the first listener is, for a client.
    var address: RawAddress {
        switch addresses[0].endpoint {
        case .tcp(let host, let port): .tcp(host: host, port: Int(port))
        case .unix(let path): .unix(path: path)
        }
    }

    var client: HTTPTestClient { HTTPTestClient(address) }

    func connect(receiveBufferBytes: Int? = nil) throws -> RawClient {
        try RawClient(address, receiveBufferBytes: receiveBufferBytes)
    }

    static let loopback = ListenSpecification(.tcp(host: "127.0.0.1", port: 0))
}

/// Runs a server for the time of a test; deadlines are looked at every 10 ms.
func withServer(
    _ application: ClosureApplication = .echo(),
    listeners: [ListenSpecification] = [TestServer.loopback],
    configure: (inout ServerConfiguration) -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
) async throws {
    var configuration = ServerConfiguration(listeners: listeners)
    configuration.timeouts.resolution = .milliseconds(10)
    configure(&configuration)
    let observer = RecordingObserver()
    let borrowed = BorrowedApplication(application)
    defer { borrowed.end() }
    let server = Server(
        configuration: configuration,
        application: borrowed,
        logger: .silent,
        observer: observer
    )
    let test = TestServer(server: server, observer: observer, addresses: try server.start())
    do {
        try await body(test)
    } catch {
        await server.stop()
        throw error
    }
    await server.stop()
}

/// A change of one setting.
func setting<Value>(
    _ path: WritableKeyPath<ServerConfiguration, Value>,
    _ value: Value
) -> (inout ServerConfiguration) -> Void {
    { $0[keyPath: path] = value }
}

/// A value that is set once and can be waited for.
final class Promise<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [CheckedContinuation<Value, Never>] = []
    }

    private let state = Mutex(State())

    func fulfil(_ value: Value) {
        let waiters = state.withLock { state in
            state.value = value
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: value) }
    }

    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let value = state.withLock { state in
                    if state.value == nil { state.waiters.append(continuation) }
                    return state.value
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }
}

extension RawClient {
    /// Sends a request without a body and reads the answer.
    func get(_ target: String = "/") throws -> RawResponse {
        try send("GET \(target) HTTP/1.1\r\nHost: test\r\n\r\n")
        return try readResponse()
    }
}

extension Logger {
    /// Drops everything.
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Counts from any thread.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func increment() -> Int {
        count.add(1, ordering: .sequentiallyConsistent).newValue
    }
}

/// Keeps lines in order.
final class Log: Sendable {
    private let entries = Mutex<[String]>([])

    var lines: [String] { entries.withLock { $0 } }

    func add(_ line: String) {
        entries.withLock { $0.append(line) }
    }
}

/// Hands over exchanges when enough have come.
final class Gatherer: Sendable {
    private let count: Int
    private let exchanges = Mutex<[Exchange]>([])
    private let complete: @Sendable ([Exchange]) -> Void

    init(count: Int, complete: @escaping @Sendable ([Exchange]) -> Void) {
        self.count = count
        self.complete = complete
    }

    func add(_ exchange: Exchange) {
        let all = exchanges.withLock { exchanges -> [Exchange]? in
            exchanges.append(exchange)
            return exchanges.count == count ? exchanges : nil
        }
        if let all { complete(all) }
    }
}
