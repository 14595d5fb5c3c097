internal import HTTP
package import OpenTelemetry

/// Where a signal goes, and how: what the `OTEL_EXPORTER_OTLP_…` variables say. Contract pipelogiq §4.1.
package struct OTLPEndpoint: Hashable, Sendable {
    /// How a collector is spoken to.
    package enum Transport: Hashable, Sendable {
        /// gRPC over HTTP/2.
        case grpc
        /// Protobuf over HTTP/1.1.
        case http

        /// `http` and `http/protobuf` are HTTP, anything else is gRPC.
        package init(_ name: String) {
            self = ["http", "http/protobuf"].contains(name.lowercased()) ? .http : .grpc
        }
    }

    /// Why an endpoint can't be used.
    package struct Fault: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    package var transport: Transport
    /// With scheme, host, port and path.
    package var url: String
    package var headers: [Header] = []
    /// Whether a certificate of the collector is taken as it is, whoever issued it.
    package var isUnverified = false

    /// A field of every request.
    package struct Header: Hashable, Sendable {
        package let name: String
        package let value: String

        /// Makes a field.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Reads an endpoint. `isOwn` says that it is of this signal alone, so that its path is taken as it is; `insecure` is
    /// `OTEL_EXPORTER_OTLP_INSECURE`, nil leaves it to the scheme.
    package init(
        _ text: String,
        _ signal: OTLPSignal,
        transport: Transport,
        insecure: Bool? = nil,
        isOwn: Bool = false
    ) throws(Fault) {
        self.transport = transport
        let (scheme, rest) = Self.scheme(of: text)
        let slash = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let authority = String(rest[..<slash])
        guard !authority.isEmpty, !authority.hasPrefix(":") || authority.hasPrefix("::"),
            authority.utf8.allSatisfy(Self.isOfAuthority)
        else {
            throw Fault(description: "'\(text)' names no host")
        }
        if let scheme, !["http", "https"].contains(scheme), transport == .http {
            throw Fault(description: "'\(scheme)' is neither http nor https")
        }
        let isPlain = insecure ?? (scheme == nil || scheme == "http")
        let host = try Self.host(authority, port: transport == .grpc ? 4317 : 4318, hasScheme: scheme != nil)
        let path =
            switch transport {
            case .grpc: Self.service(of: signal)
            case .http: Self.path(scheme == nil ? "" : String(rest[slash...]), signal, isOwn: isOwn)
            }
        url = "\(isPlain ? "http" : "https")://\(host)\(path)"
    }

    /// Reads `OTEL_EXPORTER_OTLP_HEADERS`: names of fields have no case.
    package static func headers(_ text: String) -> [Header] {
        pairs(text).map { Header(name: $0.name.lowercased(), value: $0.value) }
    }

    /// Reads a comma list of name=value: entries without a name or a value are left out, values are percent-decoded.
    package static func pairs(_ text: String) -> [Header] {
        text.split(separator: ",").compactMap { entry in
            guard let equals = entry.firstIndex(of: "=") else { return nil }
            let name = trim(entry[..<equals])
            let value = trim(entry[entry.index(after: equals)...])
            guard !name.isEmpty, !value.isEmpty else { return nil }
            return Header(name: name, value: PercentCoding.decode(value.utf8))
        }
    }

    /// Reads a boolean as Go does; nil for anything else.
    package static func flag(_ text: String?) -> Bool? {
        switch text {
        case "1", "t", "T", "true", "TRUE", "True": true
        case "0", "f", "F", "false", "FALSE", "False": false
        default: nil
        }
    }

    // MARK: - Parts

    private static func scheme(of text: String) -> (String?, Substring) {
        guard let mark = text.firstRange(of: "://") else { return (nil, text[...]) }
        return (text[..<mark.lowerBound].lowercased(), text[mark.upperBound...])
    }

    /// The authority with a port: HTTP with a scheme leaves it to the scheme. An address of IPv6 is in brackets.
    private static func host(_ authority: String, port: Int, hasScheme: Bool) throws(Fault) -> String {
        if let at = authority.lastIndex(of: "@") {
            let host = String(authority[authority.index(after: at)...])
            guard !host.isEmpty else { throw Fault(description: "there is no host behind the @") }
            return try authority[...at] + Self.host(host, port: port, hasScheme: hasScheme)
        }
        if authority.hasPrefix("[") {
            guard let end = authority.lastIndex(of: "]") else {
                throw Fault(description: "'\(authority)' has no closing bracket")
            }
            let rest = authority[authority.index(after: end)...]
            if rest.hasPrefix(":") { return try withPort(authority, rest.dropFirst()) }
            guard rest.isEmpty else { throw Fault(description: "'\(authority)' names no host") }
            return hasScheme && port == 4318 ? authority : "\(authority):\(port)"
        }
        let colons = authority.filter { $0 == ":" }.count
        // An address of IPv6 without its brackets.
        if colons > 1 { return "[\(authority)]:\(port)" }
        if colons == 1 { return try withPort(authority, authority.drop { $0 != ":" }.dropFirst()) }
        return hasScheme && port == 4318 ? authority : "\(authority):\(port)"
    }

    private static func withPort(_ authority: String, _ port: Substring) throws(Fault) -> String {
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), UInt16(port).map({ $0 > 0 }) == true
        else {
            throw Fault(description: "'\(authority)' has no port from 1 to 65535 behind its colon")
        }
        return authority
    }

    private static func path(_ path: String, _ signal: OTLPSignal, isOwn: Bool) -> String {
        let own = "/v1/\(signal.rawValue)"
        guard !path.isEmpty, path != "/" else { return isOwn && path == "/" ? path : own }
        if isOwn || signal == .traces { return path }
        // The path is that of traces.
        let base = path.hasSuffix("/v1/traces") ? path.dropLast("/v1/traces".count) : path[...]
        return (base.hasSuffix("/") ? base.dropLast() : base) + own
    }

    private static func service(of signal: OTLPSignal) -> String {
        switch signal {
        case .traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
        case .metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
        }
    }

    private static func isOfAuthority(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\")
    }

    private static func trim(_ text: Substring) -> String {
        var rest = text
        while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
        while rest.last == " " || rest.last == "\t" { rest = rest.dropLast() }
        return String(rest)
    }
}
