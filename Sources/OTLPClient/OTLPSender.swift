internal import HTTP
internal import OpenTelemetry
package import Outbound

/// Sends requests of OTLP to a collector: by gRPC, which is a frame and a trailer over libcurl's HTTP/2, or over HTTP.
/// Any thread.
package final class OTLPSender: Sendable {
    /// What became of a request. OTLP 1.x, "OTLP/gRPC Response" and "OTLP/HTTP Response".
    package enum Outcome: Hashable, Sendable {
        /// The collector took it, but for `rejected` spans or data points.
        case accepted(rejected: Int64, message: String)
        /// The same request may be taken later.
        case retry(after: Duration?, String)
        /// The same request would be refused again.
        case refused(String)
    }

    private let endpoint: OTLPEndpoint
    private let timeout: Duration
    private let isCompressed: Bool
    private let client: OutboundClient

    /// The most bytes of an answer that are read.
    private static let answerLimit = 64 << 10
    private static let longestRetry = Duration.seconds(600)

    /// Makes a sender; `timeout` is that of a request.
    package init(endpoint: OTLPEndpoint, timeout: Duration, isCompressed: Bool, client: OutboundClient) {
        self.endpoint = endpoint
        self.timeout = timeout
        self.isCompressed = isCompressed
        self.client = client
    }

    /// Sends a message of protobuf once.
    package func send(_ message: [UInt8]) async -> Outcome {
        let response: OutboundResponse
        do throws(OutboundError) {
            let request = Self.request(message, to: endpoint, within: timeout, isCompressed: isCompressed)
            response = try await client.send(request)
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

    /// The request of HTTP that carries a message of protobuf.
    package static func request(
        _ message: [UInt8],
        to endpoint: OTLPEndpoint,
        within timeout: Duration,
        isCompressed: Bool = false
    ) -> OutboundRequest {
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
        request.isUnverified = endpoint.isUnverified
        request.answerLimit = answerLimit
        request.cutsAnswer = true
        return request
    }
}

extension OTLPSender {
    /// Reads the answer to a call of gRPC.
    static func outcome(ofCall response: OutboundResponse) -> Outcome {
        guard let call = GRPCAnswer(response) else {
            // Not gRPC: a proxy, or a server of another kind. "gRPC over HTTP2", HTTP status mapping.
            let why = GRPCAnswer.missing(response)
            return [400, 401, 403, 404].contains(response.status)
                ? .retry(after: .seconds(60), why) : .retry(after: nil, why)
        }
        let why = call.words
        switch call.code {
        case .ok:
            guard let message = try? GRPCFrame.decode(response.body).first, !message.isCompressed,
                let answer = try? ExportResponse.decode(protobuf: message.bytes)
            else { return .accepted(rejected: 0, message: "") }
            return .accepted(rejected: answer.rejected, message: answer.message)
        case .cancelled, .deadlineExceeded, .aborted, .outOfRange, .unavailable, .dataLoss:
            return .retry(after: bounded(call.retryDelay), why)
        case .resourceExhausted:
            // Without a delay it would not be taken later, either: it is too large.
            return call.retryDelay.map { .retry(after: bounded($0), why) } ?? .refused(why)
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
}
