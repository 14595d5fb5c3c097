internal import Core

/// The answer to an export: `ExportTraceServiceResponse` and `ExportMetricsServiceResponse` with their
/// `partial_success`. OTLP 1.x, "Partial Success".
package struct ExportResponse: Hashable, Sendable {
    /// How many spans or data points were not taken; they must not be sent again.
    package var rejected: Int64
    /// Why; with nothing rejected a warning. Empty for none.
    package var message: String

    /// Makes an answer; without arguments everything was taken.
    package init(rejected: Int64 = 0, message: String = "") {
        self.rejected = rejected
        self.message = message
    }

    /// Reads protobuf, of either signal.
    package static func decode(protobuf bytes: [UInt8]) throws(OTLPError) -> ExportResponse {
        let reading = OTLPReading(OTLPLimits())
        var answer = ExportResponse()
        var reader = ProtobufReader(bytes)
        while let field = try reader.field() {
            guard case (1, .bytes(let range)) = (field.number, field.value) else { continue }
            var part = reader.part(range)
            while let field = try part.field() {
                switch (field.number, field.value) {
                case (1, .varint(let number)): answer.rejected = Int64(bitPattern: number)
                case (2, .bytes(let range)): answer.message = reading.text(part, range)
                default: break
                }
            }
        }
        return answer
    }

    /// Reads JSON, of either signal.
    package static func decode(json bytes: [UInt8]) throws(OTLPError) -> ExportResponse {
        let document: JSONDocument
        do { document = try JSONDocument(bytes) } catch { throw .json(error.description(in: bytes)) }
        guard let part = document.root["partialSuccess"] else { return ExportResponse() }
        let rejected = part["rejectedSpans"] ?? part["rejectedDataPoints"]
        return ExportResponse(
            rejected: rejected.flatMap { node in node.int64 ?? node.string.flatMap { Int64($0) } } ?? 0,
            message: part["errorMessage"]?.storableString ?? ""
        )
    }

    /// Writes protobuf: nothing at all when everything was taken.
    package func protobuf() -> [UInt8] {
        guard self != ExportResponse() else { return [] }
        return ProtobufWriter.message { answer in
            answer.field(1) { part in
                if rejected != 0 { part.field(1, integer: rejected) }
                part.text(2, message)
            }
        }
    }

    /// Writes JSON: `{}` when everything was taken.
    package func json(_ signal: OTLPSignal = .traces) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            guard self != ExportResponse() else { return }
            json.object("partialSuccess") { json in
                json.member(
                    signal == .traces ? "rejectedSpans" : "rejectedDataPoints",
                    String(rejected)
                )
                json.member("errorMessage", message)
            }
        }
        return json.bytes
    }
}
