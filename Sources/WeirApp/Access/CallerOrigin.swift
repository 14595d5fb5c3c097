import HTTP
import HTTPServer

/// The origin of a request, which decides whether it may come without a token. Design §6.
package enum CallerOrigin: Hashable, Sendable {
    /// A program on this machine, over loopback or a Unix socket, without a proxy.
    case local
    /// From a proxy on this machine; `field` is the header field that shows it.
    case forwarded(field: String)
    /// From a browser on this machine, for a page of another origin.
    case foreignPage(origin: String)
    /// From elsewhere.
    case remote
}

/// Determines origins. Any thread.
struct CallerOrigins: Sendable {
    private let proxies: TrustedProxies?
    private let cors: CORSPolicy
    private let exposure = ListenerExposure()

    /// `proxies` are trusted to name the client; pages of the origins of `cors` count as own pages.
    init(proxies: TrustedProxies?, cors: CORSPolicy) {
        self.proxies = proxies
        self.cors = cors
    }

    /// The origin of a request.
    ///
    /// Behind a proxy on loopback, all requests come from loopback, so that one forwarding field is enough to treat
    /// them as remote. Behind a trusted proxy the client's address decides, and is local only if every named address
    /// is: the client could have invented one of several. A proxy that serves this machine under another path, and
    /// names only a loopback address, is a local program like any other.
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
        // Nearly all local clients match the second condition.
        peer.address.isEmpty || peer.address == "127.0.0.1" || isLoopback(peer.address)
    }

    private static func isLoopback(_ address: String) -> Bool { IPAddress(address)?.isLoopback ?? false }

    /// Whether a page came from Weir itself: its origin is the host of the request. Only loopback names count: any
    /// other name could belong to a stranger and resolve to this machine.
    private static func isOwn(_ origin: String, _ host: String?) -> Bool {
        guard let host = host?.lowercased(), origin.lowercased() == "http://\(host)" else { return false }
        return isLoopbackHost(host)
    }

    /// Whether a lower-case `Host`, with or without a port, is a name or an address of loopback.
    private static func isLoopbackHost(_ host: String) -> Bool {
        let endsInPort = host.last != "]" && host.contains(":")
        let name = endsInPort ? host.prefix(upTo: host.lastIndex(of: ":") ?? host.endIndex) : host[...]
        return name == "localhost" || isLoopback(name.filter { $0 != "[" && $0 != "]" })
    }
}
