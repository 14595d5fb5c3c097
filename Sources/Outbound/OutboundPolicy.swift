package import HTTP

/// Where requests may go: names and addresses that are allowed or denied. Design §6.
///
/// A denied destination is never called. With a list of allowed ones, nothing else is. Addresses are those that are
/// really connected to, whatever a name resolves to.
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
                self = .domain(text.dropFirst(1).lowercased())
            } else if !text.isEmpty {
                self = .host(text.lowercased())
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
        let host = host.lowercased()
        let ip = IPAddress(address)
        if denied.contains(where: { Self.matches($0, host, ip) }) { return false }
        return allowed.isEmpty || allowed.contains { Self.matches($0, host, ip) }
    }

    private static func matches(_ rule: Rule, _ host: String, _ address: IPAddress?) -> Bool {
        switch rule {
        case .host(let name): host == name
        case .domain(let suffix): host.hasSuffix(suffix)
        case .block(let block): address.map(block.contains) ?? false
        }
    }
}
