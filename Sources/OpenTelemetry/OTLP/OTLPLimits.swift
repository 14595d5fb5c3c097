package import Core

/// How much of a request of OTLP is taken.
///
/// What is beyond `spans`, `dataPoints` or `values` refuses the request; what is beyond the others is left out and
/// counted as dropped, as the SDKs of OpenTelemetry do it with their limits.
package struct OTLPLimits: Hashable, Sendable {
    /// The most spans of a request.
    package var spans = 10_000
    /// The most data points of a request.
    package var dataPoints = 100_000
    /// The most values of attributes, elements and members included, buckets, and other small parts of a request: it
    /// bounds the memory that a body of many empty parts takes.
    package var values = 1_000_000
    /// The most attributes of a resource, a scope, a span, an event, a link or a data point.
    package var attributes = 256
    /// The most events of a span, and the most exemplars of a data point.
    package var events = 1_024
    /// The most links of a span.
    package var links = 1_024
    /// The most buckets or quantiles of a data point.
    package var buckets = 4_096
    /// How deep arrays and maps in attributes may be nested; what is deeper becomes an empty value.
    package var depth = 16
    /// The most bytes of a text in UTF-8, and of bytes; a longer one is cut before the character that does not fit.
    package var text = 64 << 10

    /// The limits above.
    package init() {}
}

/// Why bytes are no request or response of OTLP.
package enum OTLPError: Error, Hashable, Sendable, CustomStringConvertible {
    /// They are no message of Protocol Buffers.
    case protobuf(ProtobufError)
    /// They are no JSON.
    case json(String)
    /// A member of the JSON form has a value of another type; the name is that of the member.
    case member(String)
    /// There are more of something than `OTLPLimits` allow.
    case tooMany(String, limit: Int)

    /// What is wrong, for whoever sent it.
    package var description: String {
        switch self {
        case .protobuf(let error): "the body is no OTLP message: \(error)"
        case .json(let why): "the body is no JSON: \(why)"
        case .member(let name): "the member \(name) has a value of another type than OTLP's"
        case .tooMany(let what, let limit): "the request has more than \(limit) \(what): send smaller batches"
        }
    }
}

/// What a request of OTLP carries.
package enum OTLPSignal: String, Hashable, Sendable {
    case traces
    case metrics
}
