internal import Core
internal import Outbound

/// Requests to Weir, repeated as the original client does. Contract §3.2.
struct Transport: Sendable {
    /// What came of a request.
    enum Outcome: Sendable {
        /// It was taken.
        case taken(JSONDocument)
        /// It was refused for what it is; another attempt would be refused, too.
        case refused(status: Int, JSONDocument?)
        /// Nobody answered, or asked for patience: it may be sent again later.
        case unavailable
    }

    private let client = OutboundClient()
    private let configuration: ClientConfiguration

    init(_ configuration: ClientConfiguration) {
        self.configuration = configuration
    }

    /// Sends a request; connection errors, timeouts and requests for patience are tried again, anything else is final.
    func send(_ method: String, _ path: String, _ body: [UInt8]) async -> Outcome {
        for attempt in 1...max(1, configuration.attempts) {
            if attempt > 1 { try? await Task.sleep(for: configuration.retryPause) }
            guard let answer = try? await client.send(request(method, path, body)) else { continue }
            if answer.status == 503 || answer.status == 429 { continue }
            let document = try? JSONDocument(answer.body)
            guard answer.status == 200 || answer.status == 201, let document else {
                return .refused(status: answer.status, document)
            }
            return .taken(document)
        }
        return .unavailable
    }

    private func request(_ method: String, _ path: String, _ body: [UInt8]) -> OutboundRequest {
        var request = OutboundRequest(method, configuration.url + path, body: body)
        request.fields = [("Content-Type", "application/json"), ("User-Agent", "weir-client")]
        if let token = configuration.token { request.fields.append(("Authorization", "Bearer \(token)")) }
        request.timeout = configuration.timeout
        request.connectTimeout = min(request.connectTimeout, configuration.timeout)
        request.answerLimit = 16 << 20
        return request
    }

    /// Tells an external address of a run's end: only 200 is success; 5xx and silence are tried again after 1 s and 2 s.
    /// Contract §3.4.
    func post(_ record: Record, to external: ClientConfiguration.ExternalPost) async -> Bool {
        var request = OutboundRequest("POST", external.url, body: record.json(Record.externalMembers))
        request.fields = [
            ("Content-Type", "application/json"), ("Authorization", "Bearer \(external.token ?? "None")"),
        ]
        for pause in [0, 1, 2] {
            if pause > 0 { try? await Task.sleep(for: configuration.retryPause * pause) }
            guard let answer = try? await client.send(request) else { continue }
            if answer.status < 500 { return answer.status == 200 }
        }
        return false
    }
}
