package import Configuration

/// Settings that several features read.
package enum SharedSettings {
    /// In bytes.
    package static let maxPageBytes = Setting<Int>(
        "WEIR_MAX_PAGE_BYTES",
        .bytes((64 << 10)...(1 << 30)),
        default: "16MiB",
        "The bytes at which a page of a list ends, whatever its limit; its cursor leads on."
    )

    /// The most values of attributes, buckets and other small parts of a request of OTLP.
    package static let mostValues = Setting<Int>(
        "WEIR_OTLP_MAX_VALUES",
        .integer(1000...100_000_000),
        default: "1000000",
        "How many values of attributes, buckets and other small parts a request to /v1/traces or /v1/metrics may have; a larger one is answered 400."
    )

    /// How many series of a metric may have the names of agents, rules or projects; 0 for none. Decision 23.
    package static let metricsNames = Setting<Int>(
        "WEIR_METRICS_NAMES",
        .integer(0...1000),
        default: "0",
        "How many pairs of agent and job type, and how many series of alerts, /metrics shows by name; it needs no token."
    )

    /// Without a path and a slash at its end.
    package static let publicURL = Setting<String?>(
        "WEIR_PUBLIC_URL",
        .publicURL("a URL of http or https without a path"),
        default: nil,
        "Where people reach this Weir, for links in notifications and in the output of Nextflow: https://weir.example.org."
    )
}

extension SettingParser<String?> {
    /// The origin of a URL: scheme, host and maybe a port; a slash at its end is dropped.
    fileprivate static func publicURL(_ accepts: String) -> Self {
        SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            guard !text.isEmpty else { return nil }
            let origin = text.hasSuffix("/") ? String(text.dropLast()) : text
            let rest = ["http://", "https://"].first { origin.lowercased().hasPrefix($0) }
                .map { origin.dropFirst($0.count) }
            guard let rest, isAuthority(rest) else {
                throw SettingComplaint(why: "it has no host, or another scheme, or is malformed")
            }
            return origin
        }
    }

    /// Whether it is a host, in brackets if it is an IPv6 address, and maybe a port.
    private static func isAuthority(_ text: Substring) -> Bool {
        guard text.utf8.allSatisfy(isOfAuthority) else { return false }
        let host: Substring
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return false }
            host = text[...end]
        } else {
            host = text.prefix { $0 != ":" }
        }
        let port = text.dropFirst(host.count)
        return !host.isEmpty && host != "[]"
            && (port.isEmpty || port.hasPrefix(":") && UInt16(port.dropFirst()) != nil)
    }

    /// Whether a byte may stand in `host:port`, where the host may be an IPv6 address in brackets.
    private static func isOfAuthority(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~:[]%".utf8.contains(byte)
        }
    }
}
