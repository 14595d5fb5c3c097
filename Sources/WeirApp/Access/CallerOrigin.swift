import HTTP
import HTTPServer

/// Where a request comes from, as far as letting it in without a token depends on it. Design §6.
package enum CallerOrigin: Hashable, Sendable {
    /// A program on this machine, by loopback or a Unix socket, and nobody between.
    case local
    /// From a proxy on this machine: the field names what gave it away.
    case forwarded(field: String)
    /// From a browser on this machine, for a page of somebody else.
    case foreignPage(origin: String)
    /// From elsewhere.
    case remote
}

/// Tells origins apart. Any thread.
struct CallerOrigins: Sendable {
    private let proxies: TrustedProxies?
    private let cors: CORSPolicy
    private let exposure = ListenerExposure()

    /// `proxies` are believed when they name the client; pages of the origins of `cors` are no strangers.
    init(proxies: TrustedProxies?, cors: CORSPolicy) {
        self.proxies = proxies
        self.cors = cors
    }

    /// Where a request comes from.
    ///
    /// A proxy on loopback makes everybody's requests come from loopback, so that one forwarding field is enough to
    /// take them for a stranger's. Behind a trusted proxy the client decides, and is local only when every address
    /// that is named is: one of several could be the client's own invention. A proxy that serves this machine under
    /// another path, and says only under which loopback address, is a program of this machine like any other.
    func origin(of fields: HeaderFields, _ connection: ConnectionInfo) -> CallerOrigin {
        guard exposure.isLoopback(connection.listener), Self.isLocal(connection.peer) else { return .remote }
        if let field = fields.forwardingField, !isLocalBehindProxy(fields, connection.peer),
            !Self.isSentToLoopback(fields)
        {
            return .forwarded(field: field)
        }
        if let page = fields["Origin"], !cors.allows(page), !Self.isOwn(page, fields["Host"]) {
            return .foreignPage(origin: page)
        }
        return .local
    }

    private func isLocalBehindProxy(_ fields: HeaderFields, _ peer: Peer) -> Bool {
        guard let proxies, let clients = proxies.namedClients(of: peer, fields) else { return false }
        return !clients.isEmpty && clients.allSatisfy { $0.map(Self.isLoopback) ?? false }
    }

    private static func isSentToLoopback(_ fields: HeaderFields) -> Bool {
        fields.forwardedHostAlone.map { isLoopbackHost($0.lowercased()) } ?? false
    }

    private static func isLocal(_ peer: Peer) -> Bool {
        // The second is what nearly all local clients are.
        peer.address.isEmpty || peer.address == "127.0.0.1" || isLoopback(peer.address)
    }

    private static func isLoopback(_ address: String) -> Bool { IPAddress(address)?.isLoopback ?? false }

    /// Whether a page came from Weir itself: its origin is where the request goes. Under any other name than those of
    /// loopback it could be a stranger's whose name leads here.
    private static func isOwn(_ origin: String, _ host: String?) -> Bool {
        guard let host = host?.lowercased(), origin.lowercased() == "http://\(host)" else { return false }
        return isLoopbackHost(host)
    }

    /// Whether a `Host` in small letters, with or without a port, is a name or an address of loopback.
    private static func isLoopbackHost(_ host: String) -> Bool {
        let endsInPort = host.last != "]" && host.contains(":")
        let name = endsInPort ? host.prefix(upTo: host.lastIndex(of: ":") ?? host.endIndex) : host[...]
        return name == "localhost" || isLoopback(name.filter { $0 != "[" && $0 != "]" })
    }
}
