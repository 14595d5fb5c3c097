internal import Core
internal import Glibc
internal import Outbound
internal import WeirClient

/// The server as an agent sees it: one request a call, no repetition. Contract noetl §5.2.
struct AgentServer: Sendable {
    /// What became of a request.
    enum Outcome: Sendable {
        /// 200.
        case taken(JSONDocument?)
        /// The server does not know this pool; with the status that says so, 404 or 400.
        case unknown(status: Int)
        /// It will never take this body.
        case refused(ServerTrouble)
        /// It may take it later; the pause that it asks for, if it does.
        case away(ServerTrouble, pause: Duration?)

        /// Why it was not taken.
        var trouble: ServerTrouble? {
            switch self {
            case .taken: nil
            case .unknown(let status): .refused(status: status, "this pool is not registered")
            case .refused(let trouble), .away(let trouble, _): trouble
            }
        }
    }

    private let client = OutboundClient(parallel: 2)
    private let configuration: AgentConfiguration
    let encoder: ReportEncoder

    init(_ configuration: AgentConfiguration) {
        self.configuration = configuration
        encoder = ReportEncoder(configuration: configuration)
    }

    func register() async -> Outcome {
        let body = encoder.registration(process: getpid())
        return await send("POST", "/worker/pool/register", body, within: .seconds(10))
    }

    func heartbeat() async -> Outcome {
        await send("POST", "/worker/pool/heartbeat", encoder.name, within: .seconds(5))
    }

    func deregister() async -> Outcome {
        await send("DELETE", "/worker/pool/deregister", encoder.name, within: .seconds(5))
    }

    func report(_ body: [UInt8], until deadline: ContinuousClock.Instant? = nil) async -> Outcome {
        await send("POST", "/metrics/report", body, within: .seconds(10), until: deadline)
    }

    /// The jobs in the queue; 0 when the server has none, or does not answer. Contract noetl §4.1.
    func queueSize() async -> Int {
        guard case .taken(let answer) = await send("GET", "/queue/size", nil, within: .seconds(5)) else {
            return 0
        }
        let size = answer?.root["queued"] ?? answer?.root["count"]
        return size?.int64.flatMap(Int.init(exactly:)) ?? 0
    }

    private func send(
        _ method: String,
        _ path: String,
        _ body: [UInt8]?,
        within time: Duration,
        until deadline: ContinuousClock.Instant? = nil
    ) async -> Outcome {
        var request = OutboundRequest(method, configuration.base + path, body: body)
        request.fields = [("User-Agent", "weir-agent")]
        if body != nil { request.fields.append(("Content-Type", "application/json")) }
        if let token = configuration.token { request.fields.append(("Authorization", "Bearer \(token)")) }
        request.timeout = time
        request.deadline = deadline
        do throws(OutboundError) {
            return Self.judge(try await client.send(request))
        } catch {
            return .away(error == .badURL ? .badAddress : .unreachable(error.description), pause: nil)
        }
    }

    private static func judge(_ answer: OutboundResponse) -> Outcome {
        let document = try? JSONDocument(answer.body)
        switch answer.status {
        case 200: return .taken(document)
        case 401, 403: return .away(.unauthorised(status: answer.status), pause: nil)
        // Without the protocol's envelope it is a server that has no such endpoint.
        case 404 where document?.root["detail"] != nil && document?.root["detail"]?.string != "Not Found":
            return .unknown(status: 404)
        case 400, 413, 422:
            let detail = document?.root["detail"]
            let reason = detail?.string ?? detail?.elements.first { _ in true }?["msg"]?.string ?? ""
            // Releases 1.0.3 to 2.0.0 say so with 400. Contract noetl §1.2.
            if answer.status == 400, reason.hasSuffix("not found in runtime registry") {
                return .unknown(status: 400)
            }
            return .refused(.refused(status: answer.status, reason))
        case 429, 500...: return .away(.busy(status: answer.status), pause: patience(answer))
        default: return .away(.notWeir(status: answer.status), pause: nil)
        }
    }

    /// The pause that the server asks for, an hour at most.
    private static func patience(_ answer: OutboundResponse) -> Duration? {
        answer.field("retry-after").flatMap { Int($0) }.map { .seconds(max(0, min($0, 3600))) }
    }
}
