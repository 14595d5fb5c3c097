internal import API
internal import Core
internal import HTTP
internal import OpenTelemetry

/// The two forms of OTLP over HTTP. Its specification, "OTLP/HTTP".
enum OTLPEncoding: String, Sendable {
    case protobuf
    case json

    /// Reads a content type; nil for one that is neither.
    init?(contentType: String?) {
        let type = (contentType ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        switch type {
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }

    /// The media type of requests and answers.
    var mediaType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        }
    }

    /// Reads the spans of a request.
    func spans(_ body: [UInt8], limits: OTLPLimits) throws(OTLPError) -> TraceRequest.Decoded {
        switch self {
        case .protobuf: try TraceRequest.decode(protobuf: body, limits: limits)
        case .json: try TraceRequest.decode(json: body, limits: limits)
        }
    }

    /// The answer to a request that was taken.
    func response(_ answer: ExportResponse) -> Response {
        response(.ok, self == .protobuf ? answer.protobuf() : answer.json(.traces))
    }

    /// The answer to a request that was not taken.
    func response(_ status: Status, _ failure: RPCStatus) -> Response {
        response(status, self == .protobuf ? failure.protobuf() : failure.json())
    }

    private func response(_ status: Status, _ body: [UInt8]) -> Response {
        var response = Response(status: status)
        response.fields.set("Content-Type", mediaType)
        response.body = .bytes(body)
        return response
    }
}
