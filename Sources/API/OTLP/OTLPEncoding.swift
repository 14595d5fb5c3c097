internal import Core
package import HTTP
package import OpenTelemetry

/// The two forms of OTLP over HTTP. Its specification, "OTLP/HTTP".
package enum OTLPEncoding: String, Sendable {
    case protobuf
    case json

    /// Reads a content type; nil for one that is neither.
    package init?(contentType: String?) {
        let type = (contentType ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        switch type {
        case "application/x-protobuf": self = .protobuf
        case "application/json": self = .json
        default: return nil
        }
    }

    /// The media type of requests and answers.
    package var mediaType: String {
        switch self {
        case .protobuf: "application/x-protobuf"
        case .json: "application/json"
        }
    }
}

// MARK: - Messages

extension OTLPEncoding {
    /// Reads the spans of a request.
    package func spans(_ body: [UInt8], limits: OTLPLimits) throws(OTLPError) -> TraceRequest.Decoded {
        switch self {
        case .protobuf: try TraceRequest.decode(protobuf: body, limits: limits)
        case .json: try TraceRequest.decode(json: body, limits: limits)
        }
    }

    /// Reads the metrics of a request.
    package func metrics(_ body: [UInt8], limits: OTLPLimits) throws(OTLPError) -> [MetricBatch] {
        switch self {
        case .protobuf: try MetricsRequest.decode(protobuf: body, limits: limits)
        case .json: try MetricsRequest.decode(json: body, limits: limits)
        }
    }

    /// A message as the body of a journal line: as it came. Protobuf is a JSON string in base 64, as remote-write's
    /// blocks are (decision 42).
    package func line(_ message: [UInt8]) -> [UInt8] {
        // A line has no line breaks; JSON has them between values only.
        guard self == .protobuf else { return message.map { $0 == 0x0A || $0 == 0x0D ? 0x20 : $0 } }
        var body: [UInt8] = []
        body.reserveCapacity(message.count * 4 / 3 + 8)
        body.append(UInt8(ascii: "\""))
        Base64.append(message, to: &body)
        body.append(UInt8(ascii: "\""))
        return body
    }

    /// The message of a line, and its form.
    ///
    /// - Throws: `OTLPError.json` for what no line has.
    package static func message(ofLine body: [UInt8]) throws(OTLPError) -> (OTLPEncoding, [UInt8]) {
        guard body.first == UInt8(ascii: "\"") else { return (.json, body) }
        guard body.count >= 2, let message = Base64.decode(body.dropFirst().dropLast()) else {
            throw OTLPError.json("it is no base 64")
        }
        return (.protobuf, message)
    }
}

extension OTLPLimits {
    /// Of lines: what was taken once is not limited again. Texts and attributes are still cut as when they came.
    package static var ofLines: OTLPLimits {
        var limits = OTLPLimits()
        limits.spans = .max
        limits.dataPoints = .max
        limits.values = .max
        return limits
    }
}

// MARK: - Answers

extension OTLPEncoding {
    /// The answer to a request that was taken.
    package func response(_ answer: ExportResponse, _ signal: OTLPSignal = .traces) -> Response {
        response(.ok, self == .protobuf ? answer.protobuf() : answer.json(signal))
    }

    /// The answer to a request that was not taken.
    package func response(_ status: Status, _ failure: RPCStatus) -> Response {
        response(status, self == .protobuf ? failure.protobuf() : failure.json())
    }

    private func response(_ status: Status, _ body: [UInt8]) -> Response {
        var response = Response(status: status)
        response.fields.set("Content-Type", mediaType)
        response.body = .bytes(body)
        return response
    }

    /// The answer to a request in neither form.
    package static var unsupported: Response {
        ErrorEnvelope.detail.response(
            .unsupportedMediaType,
            "The content type must be application/x-protobuf or application/json."
        )
    }

    /// The contents of answers in `/openapi.json`.
    package static let contents = [
        APIAnswer.Content("application/json", .object), APIAnswer.Content("application/x-protobuf", .text),
    ]

    /// The answers of an endpoint that receives OTLP in `/openapi.json`; `taken` says what 200 means.
    package static func answers(_ taken: String) -> [APIAnswer] {
        [
            APIAnswer(200, taken, contents: contents),
            APIAnswer(400, "The body is no OTLP message. Do not send it again.", contents: contents),
            .refusal(415, "The content type is neither application/x-protobuf nor application/json."),
        ]
    }
}
