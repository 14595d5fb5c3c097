internal import Core
internal import HTTP
internal import OpenTelemetry
internal import Outbound

/// Sends requests of OTLP to a collector: by gRPC, which is a frame and a trailer over libcurl's HTTP/2, or over HTTP.
final class OTLPSender: Sendable {
    /// What became of a request. OTLP 1.x, "OTLP/gRPC Response" and "OTLP/HTTP Response".
    enum Outcome: Hashable, Sendable {
        /// The collector took it, but for `rejected` spans or data points.
        case accepted(rejected: Int64, message: String)
        /// The same request may be taken later.
        case retry(after: Duration?, String)
        /// The same request would be refused again.
        case refused(String)
    }

    let endpoint: OTLPEndpoint
    let timeout: Duration
    let isCompressed: Bool
    private let client: OutboundClient

    /// The most bytes of an answer that are read.
    private static let answerLimit = 64 << 10
    private static let longestRetry = Duration.seconds(600)

    init(endpoint: OTLPEndpoint, timeout: Duration, isCompressed: Bool, client: OutboundClient) {
        self.endpoint = endpoint
        self.timeout = timeout
        self.isCompressed = isCompressed
        self.client = client
    }

    /// Sends a message of protobuf once.
    func send(_ message: [UInt8]) async -> Outcome {
        let response: OutboundResponse
        do throws(OutboundError) {
            response = try await client.send(request(message))
        } catch {
            switch error {
            // Somebody has to mend these; meanwhile nothing is lost.
            case .badURL, .forbidden, .badField: return .retry(after: .seconds(60), error.cause)
            default: return .retry(after: nil, error.cause)
            }
        }
        switch endpoint.transport {
        case .grpc: return Self.outcome(ofCall: response)
        case .http: return Self.outcome(ofPost: response)
        }
    }

    private func request(_ message: [UInt8]) -> OutboundRequest {
        let packed = isCompressed ? GzipEncoder.compress(message) : message
        var fields = endpoint.headers.map { (name: $0.name, value: $0.value) }
        fields.append(("User-Agent", "weir"))
        let body: [UInt8]
        switch endpoint.transport {
        case .grpc:
            body = GRPCFrame.encode(packed, isCompressed: isCompressed)
            fields += [("Content-Type", "application/grpc"), ("TE", "trailers")]
            fields.append(("grpc-timeout", "\(Int(timeout / .milliseconds(1)))m"))
            if isCompressed { fields.append(("grpc-encoding", "gzip")) }
        case .http:
            body = packed
            fields.append(("Content-Type", "application/x-protobuf"))
            if isCompressed { fields.append(("Content-Encoding", "gzip")) }
        }
        var request = OutboundRequest("POST", endpoint.url, fields: fields, body: body)
        request.version = endpoint.transport == .grpc ? .http2 : .http1
        request.timeout = timeout
        request.answerLimit = Self.answerLimit
        request.cutsAnswer = true
        return request
    }
}

extension OTLPSender {
    /// Reads the answer to a call of gRPC. Its status is a trailer, or a field when there is no message.
    static func outcome(ofCall response: OutboundResponse) -> Outcome {
        guard let text = response.fields.last(where: { $0.name == "grpc-status" })?.value,
            let number = Int(text)
        else {
            // Not gRPC: a proxy, or a server of another kind. "gRPC over HTTP2", HTTP status mapping.
            let why = "the answer has no grpc-status (HTTP \(response.status)): is this an endpoint of gRPC?"
            return [400, 401, 403, 404].contains(response.status)
                ? .retry(after: .seconds(60), why) : .retry(after: nil, why)
        }
        let code = RPCStatus.Code(rawValue: number) ?? .unknown
        if code == .ok {
            guard let message = try? GRPCFrame.decode(response.body).first, !message.isCompressed,
                let answer = try? ExportResponse.decode(protobuf: message.bytes)
            else { return .accepted(rejected: 0, message: "") }
            return .accepted(rejected: answer.rejected, message: answer.message)
        }
        let detail = response.field("grpc-message").map { PercentCoding.decode($0.utf8) } ?? ""
        let why = detail.isEmpty ? code.name : "\(code.name): \(detail)"
        let delay = response.field("grpc-status-details-bin").flatMap(retryDelay)
        switch code {
        case .cancelled, .deadlineExceeded, .aborted, .outOfRange, .unavailable, .dataLoss:
            return .retry(after: bounded(delay), why)
        case .resourceExhausted:
            // Without a delay it would not be taken later, either: it is too large.
            return delay.map { .retry(after: bounded($0), why) } ?? .refused(why)
        // What an operator can mend.
        case .unauthenticated, .permissionDenied, .unimplemented: return .retry(after: .seconds(60), why)
        default: return .refused(why)
        }
    }

    /// Reads the answer to a POST.
    static func outcome(ofPost response: OutboundResponse) -> Outcome {
        let type = response.field("content-type")?.lowercased()
        let isJSON = type?.hasPrefix("application/json") == true
        if (200..<300).contains(response.status) {
            // A page to log in at, or another server: it has taken nothing.
            guard type?.hasPrefix("text/html") != true else {
                let why = "the answer is a web page (HTTP \(response.status)): is this an endpoint of OTLP?"
                return .retry(after: .seconds(60), why)
            }
            let answer =
                isJSON
                ? try? ExportResponse.decode(json: response.body)
                : try? ExportResponse.decode(protobuf: response.body)
            return .accepted(rejected: answer?.rejected ?? 0, message: answer?.message ?? "")
        }
        let detail = isJSON ? nil : try? RPCStatus.decode(protobuf: response.body).message
        let why = "HTTP \(response.status)" + (detail.map { $0.isEmpty ? "" : ": \($0.prefix(200))" } ?? "")
        switch response.status {
        case 429, 502, 503, 504:
            let delay = response.field("retry-after").flatMap { Int64($0) }.map {
                Duration.seconds(max(0, $0))
            }
            return .retry(after: bounded(delay), why)
        // What an operator can mend: credentials, the path, a redirect.
        case 300..<400, 401, 403, 404, 405, 407, 408: return .retry(after: .seconds(60), why)
        case 500...: return .retry(after: nil, why)
        default: return .refused(why)
        }
    }

    private static func bounded(_ delay: Duration?) -> Duration? { delay.map { min($0, longestRetry) } }

    /// The delay in the details of a status, which are protobuf in base 64, with or without padding.
    private static func retryDelay(_ text: String) -> Duration? {
        var padded = Array(text.utf8)
        while !padded.count.isMultiple(of: 4) { padded.append(UInt8(ascii: "=")) }
        guard let bytes = Base64.decode(padded) else { return nil }
        return try? RPCStatus.decode(protobuf: bytes).retryDelay
    }
}
