internal import Core
internal import HTTP
package import OpenTelemetry
package import Outbound

/// The status with which a call of gRPC ended. "gRPC over HTTP2", Responses.
package struct GRPCAnswer: Sendable {
    /// An unknown number is `unknown`.
    package let code: RPCStatus.Code
    /// What the server says of it, in one line of at most 200 characters; empty for nothing.
    package let detail: String
    /// After which pause the server wants to be called again; nil when it does not say.
    package let retryDelay: Duration?

    /// Reads the trailers of a response, which are its fields when it has no message.
    ///
    /// - Returns: nil for a response without a status: its server does not speak gRPC.
    package init?(_ response: OutboundResponse) {
        guard let text = response.fields.last(where: { $0.name == "grpc-status" })?.value,
            let number = Int(text)
        else { return nil }
        code = RPCStatus.Code(rawValue: number) ?? .unknown
        detail = response.field("grpc-message").map { Self.line(PercentCoding.decode($0.utf8)) } ?? ""
        retryDelay = response.field("grpc-status-details-bin").flatMap(Self.retryDelay)
    }

    /// The status in words: `UNAVAILABLE: no room`.
    package var words: String { detail.isEmpty ? code.name : "\(code.name): \(detail)" }

    /// What is to be said of a response without a status.
    package static func missing(_ response: OutboundResponse) -> String {
        "the answer has no grpc-status (HTTP \(response.status)): is this an endpoint of gRPC?"
    }

    private static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.prefix(200).unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }

    /// The delay in the details of a status, which are protobuf in base 64, with or without padding.
    private static func retryDelay(_ text: String) -> Duration? {
        var padded = Array(text.utf8)
        while !padded.count.isMultiple(of: 4) { padded.append(UInt8(ascii: "=")) }
        guard let bytes = Base64.decode(padded) else { return nil }
        return try? RPCStatus.decode(protobuf: bytes).retryDelay
    }
}
