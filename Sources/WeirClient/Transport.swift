internal import Core
internal import Outbound
internal import Synchronization

/// Requests to Weir, repeated as the original client does. Contract §3.1, §3.2.
final class Transport: Sendable {
    /// The outcome of a request.
    enum Outcome: Sendable {
        /// The server took it.
        case taken(JSONDocument)
        /// The server refused it; another attempt would be refused, too.
        case refused(status: Int, JSONDocument?)
        /// There was no response in time, or not Weir's: the request may be sent again later.
        case unavailable
    }

    private let client = OutboundClient()
    private let configuration: ClientConfiguration
    private let breaker: Breaker
    // Guards the outcome of the last request.
    private let lastTrouble = Mutex<ServerTrouble?>(nil)

    init(_ configuration: ClientConfiguration) {
        self.configuration = configuration
        breaker = Breaker(pause: configuration.restPause)
    }

    /// Why the last request was not taken; nil when it was.
    var trouble: ServerTrouble? { lastTrouble.withLock { $0 } }

    /// Sends a request. After a timeout, a 429 or 503, or a lost connection it retries until the deadline; any other
    /// outcome is final. Nothing is sent while the breaker pauses, except for a batch, which was requested explicitly.
    func send(_ call: Call, _ body: [UInt8], until deadline: ContinuousClock.Instant) async -> Outcome {
        let admission = call.isBatch ? .probe : breaker.admit()
        if case .rest = admission { return .unavailable }
        var attempts = max(1, configuration.attempts)
        if case .probe = admission { attempts = 1 }
        let (outcome, trouble) = await send(call, body, deadline, attempts)
        lastTrouble.withLock { $0 = trouble }
        switch trouble {
        case .unreachable, .busy: breaker.failed()
        case nil, .badAddress, .unauthorised, .notWeir, .refused: breaker.succeeded()
        }
        return outcome
    }

    private func send(
        _ call: Call,
        _ body: [UInt8],
        _ deadline: ContinuousClock.Instant,
        _ attempts: Int
    ) async -> (Outcome, ServerTrouble?) {
        var pause: Duration?
        var trouble = ServerTrouble.unreachable("no answer in time")
        for _ in 0..<attempts {
            if let pause {
                guard ContinuousClock.now + pause < deadline else { break }
                try? await Task.sleep(for: pause)
            }
            do throws(OutboundError) {
                let answer = try await client.send(request(call, body, deadline))
                guard let patience = patience(answer) else { return call.judge(answer) }
                trouble = .busy(status: answer.status)
                pause = patience
            } catch {
                guard error != .badURL, error != .malformed else { return (.unavailable, .badAddress) }
                trouble = .unreachable(error.description)
                guard error.mayPass, !call.isFirst || !error.isRefusal else { break }
                pause = configuration.retryPause
            }
        }
        return (.unavailable, trouble)
    }

    /// How long the server asks to wait; nil when it does not.
    private func patience(_ answer: OutboundResponse) -> Duration? {
        guard answer.status == 503 || answer.status == 429 else { return nil }
        let seconds = answer.field("retry-after").flatMap { Int($0) } ?? 0
        return max(configuration.retryPause, .seconds(max(0, min(seconds, 3600))))
    }

    private func request(_ call: Call, _ body: [UInt8], _ deadline: ContinuousClock.Instant)
        -> OutboundRequest
    {
        var request = OutboundRequest(call.method, configuration.url + call.path, body: body)
        request.fields = [("Content-Type", "application/json"), ("User-Agent", "weir-client")]
        if let token = configuration.token { request.fields.append(("Authorization", "Bearer \(token)")) }
        request.timeout = configuration.timeout * (call.isBatch ? 3 : 1)
        request.deadline = deadline
        request.answerLimit = 16 << 20
        return request
    }

    /// Posts a run's end to an external address: only 200 is success; a 5xx or a timeout is retried after 1 s and 2 s,
    /// unless the deadline comes before. Contract §3.4.
    @discardableResult
    func post(
        _ record: Record,
        to external: ClientConfiguration.ExternalPost,
        until deadline: ContinuousClock.Instant
    ) async -> Bool {
        var request = OutboundRequest("POST", external.url, body: record.json(Record.externalMembers))
        request.fields = [
            ("Content-Type", "application/json"), ("Authorization", "Bearer \(external.token ?? "None")"),
        ]
        request.deadline = deadline
        for pause in [0, 1, 2] {
            if pause > 0 {
                guard ContinuousClock.now + configuration.retryPause * pause < deadline else { return false }
                try? await Task.sleep(for: configuration.retryPause * pause)
            }
            do throws(OutboundError) {
                let answer = try await client.send(request)
                if answer.status < 500 { return answer.status == 200 }
            } catch {
                guard error.mayPass else { return false }
            }
        }
        return false
    }
}

/// The requests of this client, and the responses that confirm them. Contract §3.2.
enum Call {
    case create
    case end(eventID: String)
    case associate(eventID: String)
    case batch

    var method: String {
        if case .end = self { "PATCH" } else { "POST" }
    }

    var path: String {
        switch self {
        case .create: "/api/v1/runs"
        case .end(let eventID): "/api/v1/runs/\(eventID)"
        case .associate(let eventID): "/api/v1/runs/\(eventID)/associate-commit"
        case .batch: "/api/v1/runs/batch"
        }
    }

    var isBatch: Bool {
        if case .batch = self { true } else { false }
    }

    /// Whether it begins a run. It is not urgent then: the end of the run contains the same data.
    var isFirst: Bool {
        if case .create = self { true } else { false }
    }

    /// Any server may listen at an address: a response that does not look like Weir's does not count.
    func judge(_ answer: OutboundResponse) -> (Transport.Outcome, ServerTrouble?) {
        let document = try? JSONDocument(answer.body)
        switch answer.status {
        case 401, 403: return (.unavailable, .unauthorised(status: answer.status))
        case 500...: return (.unavailable, .busy(status: answer.status))
        case 200...399:
            guard statuses.contains(answer.status), let document,
                members.allSatisfy({ document.root[$0] != nil })
            else { return (.unavailable, .notWeir(status: answer.status)) }
            return (.taken(document), nil)
        default:
            guard let detail = document?.root["detail"] else {
                return (.refused(status: answer.status, document), .notWeir(status: answer.status))
            }
            let trouble = ServerTrouble.refused(status: answer.status, detail.string ?? "")
            return (.refused(status: answer.status, document), trouble)
        }
    }

    private var statuses: [Int] {
        switch self {
        case .create, .batch: [200, 201]
        case .end, .associate: [200]
        }
    }

    private var members: [String] {
        switch self {
        case .create: ["status"]
        case .batch: ["inserted", "duplicates", "errors"]
        case .end, .associate: []
        }
    }
}

extension OutboundError {
    /// Whether the same request may succeed a second later.
    fileprivate var mayPass: Bool {
        switch self {
        case .unresolvable, .unreachable, .closed, .timeout, .failed: true
        case .badURL, .malformed, .forbidden, .tls, .tooLarge, .cancelled, .badField: false
        }
    }

    /// Whether no server is there at all: waiting a second seldom helps.
    fileprivate var isRefusal: Bool {
        switch self {
        case .unresolvable, .unreachable: true
        default: false
        }
    }
}
