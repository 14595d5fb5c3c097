/// The peers whose `X-Forwarded-For` or `Forwarded` is believed.
package struct TrustedProxies: Sendable {
    private let blocks: [AddressBlock]
    private let trustsUnixSockets: Bool

    /// Why a list of proxies was refused.
    package enum ListError: Error, Hashable, Sendable {
        /// The entry is neither an address nor a block of addresses.
        case malformed(String)
    }

    /// Reads addresses and blocks in CIDR notation; `unix` trusts every client of a Unix socket.
    package init(_ list: [String] = []) throws(ListError) {
        var blocks: [AddressBlock] = []
        for entry in list where entry != "unix" {
            guard let block = AddressBlock(entry) else { throw .malformed(entry) }
            blocks.append(block)
        }
        self.blocks = blocks
        trustsUnixSockets = list.contains("unix")
    }

    /// The original client of a request.
    ///
    /// Walks from the peer towards the client over trusted proxies, and returns the first address that is not trusted
    /// (or the last one that can be read). If both fields are present and differ, the client has forged one, and the
    /// result is the peer.
    package func client(of peer: Peer, _ fields: HeaderFields) -> Peer {
        guard isTrusted(peer.address) else { return peer }
        let common = fields.list("X-Forwarded-For").map(Self.address)
        let standard = fields.list("Forwarded").map(Self.forwardedAddress)
        switch (common.isEmpty, standard.isEmpty) {
        case (true, true): return peer
        case (false, true): return walk(common, from: peer)
        case (true, false): return walk(standard, from: peer)
        case (false, false):
            let client = walk(common, from: peer)
            return client == walk(standard, from: peer) ? client : peer
        }
    }

    /// Every address that a trusted peer's fields name as the client or as a proxy before it, nil for one that cannot be
    /// read; nil when the peer is not trusted.
    package func namedClients(of peer: Peer, _ fields: HeaderFields) -> [String?]? {
        guard isTrusted(peer.address) else { return nil }
        return fields.list("X-Forwarded-For").map(Self.address)
            + fields.list("Forwarded").map(Self.forwardedAddress)
            + fields.list("X-Real-IP").map(Self.address)
    }

    private func walk(_ chain: [String?], from peer: Peer) -> Peer {
        var client = peer
        for address in chain.reversed() {
            guard let address else { break }
            client = Peer(address: address)
            guard isTrusted(address) else { break }
        }
        return client
    }

    private func isTrusted(_ address: String) -> Bool {
        if address.isEmpty { return trustsUnixSockets }
        guard let address = IPAddress(address) else { return false }
        return blocks.contains { $0.contains(address) }
    }

    /// An address, perhaps with brackets and a port; nil for `unknown` and whatever else is no address.
    private static func address(_ node: String) -> String? {
        var text = node.lowercased()
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            text = String(text[text.index(after: text.startIndex)..<end])
        } else if text.contains("."), let colon = text.firstIndex(of: ":"), text.lastIndex(of: ":") == colon {
            text = String(text[..<colon])
        }
        return IPAddress(text) == nil ? nil : text
    }

    /// The node of `for=` in one element (RFC 7239 §4), which is quoted when it is IPv6 or has a port.
    private static func forwardedAddress(_ element: String) -> String? {
        for pair in element.split(separator: ";") {
            let trimmed = String(decoding: ASCII.trimmed(pair.utf8), as: UTF8.self)
            guard trimmed.lowercased().hasPrefix("for=") else { continue }
            let node = trimmed.dropFirst(4)
            let isQuoted = node.count >= 2 && node.hasPrefix("\"") && node.hasSuffix("\"")
            return address(String(isQuoted ? node.dropFirst().dropLast() : node))
        }
        return nil
    }
}
