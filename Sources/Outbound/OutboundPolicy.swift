package import HTTP

/// Which names and addresses requests may go to. Design §6.
///
/// A denied destination is never called. If there are allowed ones, nothing else is called. Addresses are checked
/// when they are connected to, whatever a name resolved to before.
package struct OutboundPolicy: Sendable {
    /// A destination: `hooks.example.org`, `*.example.org`, `10.0.0.0/8`.
    package enum Rule: Hashable, Sendable {
        case host(String)
        case domain(String)
        case block(AddressBlock)

        /// Reads a rule; nil for the empty text.
        package init?(_ text: String) {
            if let block = AddressBlock(text) {
                self = .block(block)
            } else if text.hasPrefix("*.") {
                self = .domain(OutboundPolicy.plain(String(text.dropFirst(1))))
            } else if !text.isEmpty {
                self = .host(OutboundPolicy.plain(text))
            } else {
                return nil
            }
        }
    }

    private let allowed: [Rule]
    private let denied: [Rule]

    /// Makes a policy; without rules everything is allowed.
    package init(allowed: [Rule] = [], denied: [Rule] = []) {
        self.allowed = allowed
        self.denied = denied
    }

    /// Whether a host may be called at an address, both as text.
    package func permits(host: String, address: String) -> Bool {
        let host = Self.plain(host)
        let ip = IPAddress(address)
        if denied.contains(where: { Self.matches($0, host, ip) }) { return false }
        return allowed.isEmpty || allowed.contains { Self.matches($0, host, ip) }
    }

    /// A name in the form for comparison: `Example.org.` with its root's dot is the same host. RFC 1034 §3.1.
    fileprivate static func plain(_ host: String) -> String {
        let host = host.lowercased()
        return host.hasSuffix(".") ? String(host.dropLast()) : host
    }

    private static func matches(_ rule: Rule, _ host: String, _ address: IPAddress?) -> Bool {
        switch rule {
        case .host(let name): host == name
        case .domain(let suffix): host.hasSuffix(suffix)
        case .block(let block): address.map(block.contains) ?? false
        }
    }
}
