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
    /// What addresses are refused whatever the rules say; nil for none.
    private let guarding: OutboundGuard?

    /// Makes a policy; without rules everything is allowed.
    package init(allowed: [Rule] = [], denied: [Rule] = []) {
        self.init(allowed: allowed, denied: denied, guarding: nil)
    }

    private init(allowed: [Rule], denied: [Rule], guarding: OutboundGuard?) {
        self.allowed = allowed
        self.denied = denied
        self.guarding = guarding
    }

    /// A policy for URLs that others write, as those of alert channels. Contract beampipe D19.
    ///
    /// Addresses that are link-local, of a cloud's metadata service, unspecified, multicast or reserved are never called,
    /// not even in another spelling. Those of this machine and of private networks are called if a rule of `allowed` or
    /// of `exceptions` names them, or their host, or with `allowsPrivate`. As always, with rules in `allowed` nothing
    /// else is called; `exceptions` open private destinations, and close no others.
    package static func alerting(
        allowed: [Rule] = [],
        denied: [Rule] = [],
        exceptions: [Rule] = [],
        allowsPrivate: Bool = false
    ) -> OutboundPolicy {
        OutboundPolicy(
            allowed: allowed,
            denied: denied,
            guarding: OutboundGuard(exceptions: exceptions, allowsPrivate: allowsPrivate)
        )
    }

    /// Whether a host may be called at an address, both as text.
    package func permits(host: String, address: String) -> Bool {
        let host = Self.plain(host)
        let ip = IPAddress(address)
        if denied.contains(where: { Self.matches($0, host, ip) }) { return false }
        let isNamed = allowed.contains { Self.matches($0, host, ip) }
        guard allowed.isEmpty || isNamed else { return false }
        guard let guarding else { return true }
        guard let ip, !AddressGuard.isForbidden(ip) else { return false }
        return guarding.allowsPrivate || isNamed || !AddressGuard.isPrivate(ip)
            || guarding.exceptions.contains { Self.matches($0, host, ip) }
    }

    /// Whether a host may be called over a proxy, which looks up its addresses: by its name, unless it is an address.
    package func permitsName(_ host: String) -> Bool {
        let name = Self.plain(host).filter { $0 != "[" && $0 != "]" }
        if IPAddress(name) != nil { return permits(host: name, address: name) }
        if guarding != nil, OutboundAddress.isThisMachine(name) {
            return permits(host: name, address: "127.0.0.1")
        }
        if denied.contains(where: { Self.matches($0, name, nil) }) { return false }
        return allowed.isEmpty || allowed.contains { Self.matches($0, name, nil) }
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

/// What `OutboundPolicy.alerting` has besides its rules.
private struct OutboundGuard: Sendable {
    let exceptions: [OutboundPolicy.Rule]
    let allowsPrivate: Bool
}
