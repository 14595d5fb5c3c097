internal import Core
internal import Ingest
internal import Outbound

/// Where samples are forwarded to.
struct ForwardDestination: Hashable, Sendable {
    let url: String

    init(_ url: String) {
        self.url = url
    }

    /// The id under which positions are kept. The user and the password in the URL are no part of it: what was sent
    /// stays sent when they change.
    var id: UUID128 {
        var digest = KeyDigest()
        digest.add(withoutUser)
        return digest.finish()
    }

    private var withoutUser: String {
        guard let scheme = url.ranges(of: "://").first else { return url }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@") else { return url }
        return String(url[..<scheme.upperBound] + url[url.index(after: at)...])
    }

    /// Whether it is obviously one of some listeners. Another name of this machine is not recognised.
    func isOne(of listeners: [(host: String, port: UInt16)]) -> Bool {
        guard let address = OutboundAddress(url) else { return false }
        return listeners.contains { listener in
            guard Int(listener.port) == address.port else { return false }
            return listener.host.lowercased() == address.host
                || [listener.host, address.host].allSatisfy(OutboundAddress.isThisMachine)
        }
    }
}
