internal import Core

/// An error as OTLP answers it: `google.rpc.Status`, whose `google.rpc.RetryInfo` says when to send again.
package struct RPCStatus: Hashable, Sendable {
    /// A status of gRPC.
    package var code: Code
    /// For people.
    package var message: String
    /// When to send again, if the server says so.
    package var retryDelay: Duration?

    /// The statuses of gRPC, with their numbers.
    package enum Code: Int, Hashable, Sendable {
        case ok = 0
        case cancelled = 1
        case unknown = 2
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case alreadyExists = 6
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case aborted = 10
        case outOfRange = 11
        case unimplemented = 12
        case internalError = 13
        case unavailable = 14
        case dataLoss = 15
        case unauthenticated = 16

        /// As the documentation of gRPC spells it: `RESOURCE_EXHAUSTED`.
        package var name: String {
            switch self {
            case .internalError: "INTERNAL"
            default: "\(self)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
            }
        }
    }

    /// Makes a status.
    package init(_ code: Code, _ message: String, retryDelay: Duration? = nil) {
        self.code = code
        self.message = message
        self.retryDelay = retryDelay
    }

    private static let retryInfo = "google.rpc.RetryInfo"

    /// Reads protobuf; details other than `RetryInfo` are ignored, and a code that is not known is `unknown`.
    package static func decode(protobuf bytes: [UInt8]) throws(OTLPError) -> RPCStatus {
        let reading = OTLPReading(OTLPLimits())
        var status = RPCStatus(.ok, "")
        var reader = ProtobufReader(bytes)
        while let field = try reader.field() {
            switch (field.number, field.value) {
            case (1, .varint(let number)): status.code = Int(exactly: number).flatMap(Code.init) ?? .unknown
            case (2, .bytes(let range)): status.message = reading.text(reader, range)
            case (3, .bytes(let range)):
                if let delay = try delay(ofDetail: reader.part(range)) { status.retryDelay = delay }
            default: break
            }
        }
        return status
    }

    /// The delay in an `Any` with a `RetryInfo`; nil for another detail.
    private static func delay(ofDetail part: ProtobufReader) throws(OTLPError) -> Duration? {
        var part = part
        var type = ""
        var value: ProtobufReader?
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): type = part.text(range) ?? ""
            case (2, .bytes(let range)): value = part.part(range)
            default: break
            }
        }
        guard type.split(separator: "/").last.map(String.init) == retryInfo, var value else { return nil }
        while let field = try value.field() {
            guard case (1, .bytes(let range)) = (field.number, field.value) else { continue }
            return try duration(value.part(range))
        }
        return nil
    }

    /// A `google.protobuf.Duration`; nil for a negative one, and for more than a year.
    private static func duration(_ part: ProtobufReader) throws(OTLPError) -> Duration? {
        var part = part
        var (seconds, nanoseconds): (Int64, Int64) = (0, 0)
        while let field = try part.field() {
            guard let number = field.value.signed else { continue }
            if field.number == 1 { seconds = number } else if field.number == 2 { nanoseconds = number }
        }
        guard (0...31_536_000).contains(seconds), (0..<1_000_000_000).contains(nanoseconds) else {
            return nil
        }
        return .seconds(seconds) + .nanoseconds(nanoseconds)
    }

    /// Writes protobuf.
    package func protobuf() -> [UInt8] {
        ProtobufWriter.message { status in
            if code != .ok { status.field(1, integer: Int64(code.rawValue)) }
            status.text(2, message)
            guard let retryDelay else { return }
            status.field(3) { detail in
                detail.field(1, "type.googleapis.com/\(Self.retryInfo)")
                detail.field(2) { info in
                    info.field(1) { delay in
                        let (seconds, attoseconds) = retryDelay.components
                        if seconds != 0 { delay.field(1, integer: seconds) }
                        if attoseconds != 0 { delay.field(2, integer: attoseconds / 1_000_000_000) }
                    }
                }
            }
        }
    }

    /// Writes JSON, with `RetryInfo` as proto3 writes an `Any`.
    package func json() -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.member("code", code.rawValue)
            json.member("message", message)
            guard let retryDelay else { return }
            json.array("details") { details in
                details.object { detail in
                    detail.member("@type", "type.googleapis.com/\(Self.retryInfo)")
                    detail.member("retryDelay", Self.text(retryDelay))
                }
            }
        }
        return json.bytes
    }

    /// `1.500s`: with no, three, six or nine digits after the point.
    private static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        guard nanoseconds != 0 else { return "\(seconds)s" }
        var digits = String(String(1_000_000_000 + nanoseconds).dropFirst())
        while digits.hasSuffix("000") { digits.removeLast(3) }
        return "\(seconds).\(digits)s"
    }
}
