extension HeaderFields {
    /// The name of the first field that only a proxy, a balancer or a gateway adds; nil when there is none.
    ///
    /// This is the one list of such fields: every name that begins with `Forwarded` or `X-Forwarded` (RFC 7239 §4 and
    /// what came before it), `Via` (RFC 9110 §7.6.3), and the names in which servers and content networks pass on a
    /// client's address. Allocates nothing if none is found.
    package var forwardingField: String? {
        var found: String?
        forEachRaw { name, _ in
            guard found == nil, Self.isForwarding(name) else { return }
            found = String(decoding: name, as: UTF8.self)
        }
        return found
    }

    /// `X-Forwarded-Host`, when a proxy has added only the address that a request was sent to: then it says nothing
    /// about the client. Nil when there is more, several such fields, or none.
    package var forwardedHostAlone: String? {
        var (hosts, others) = ([String](), false)
        forEachRaw { name, value in
            guard Self.isForwarding(name) else { return }
            if ASCII.equalsIgnoringCase(name, Self.forwardedHost) {
                hosts.append(String(decoding: value, as: UTF8.self))
            } else if !Self.addressing.contains(where: { ASCII.equalsIgnoringCase(name, $0) }) {
                others = true
            }
        }
        return hosts.count == 1 && !others ? hosts[0] : nil
    }

    private static let forwardedHost = Array("x-forwarded-host".utf8)
    private static let addressing = ["x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto"].map {
        Array($0.utf8)
    }

    private static func isForwarding(_ name: ArraySlice<UInt8>) -> Bool {
        guard let key = suspicionKey(name), isSuspicious[key] else { return false }
        return beginnings.contains { ASCII.equalsIgnoringCase(name.prefix($0.count), $0) }
            || names.contains { ASCII.equalsIgnoringCase(name, $0) }
    }

    private static let beginnings = ["forwarded", "x-forwarded"].map { Array($0.utf8) }

    private static let names = [
        "cdn-loop", "cf-connecting-ip", "cf-connecting-ipv6", "cf-ray", "client-ip", "fastly-client-ip",
        "true-client-ip", "via", "x-appengine-user-ip", "x-azure-clientip", "x-azure-socketip", "x-client-ip",
        "x-cluster-client-ip", "x-envoy-external-address", "x-envoy-internal", "x-original-forwarded-for",
        "x-original-host", "x-original-url", "x-proxyuser-ip", "x-real-ip", "x-remote-addr", "x-remote-ip",
        "x-rewrite-url",
    ].map { Array($0.utf8) }

    /// Whether a name with this first letter and this length may be one of them: this check rules out most names.
    private static let isSuspicious: [Bool] = {
        var isSuspicious = [Bool](repeating: false, count: 26 * lengths)
        for name in names {
            if let key = suspicionKey(name[...]) { isSuspicious[key] = true }
        }
        for beginning in beginnings {
            for length in beginning.count..<lengths {
                let padding = [UInt8](repeating: UInt8(ascii: "-"), count: length - beginning.count)
                if let key = suspicionKey((beginning + padding)[...]) { isSuspicious[key] = true }
            }
        }
        return isSuspicious
    }()

    private static let lengths = 32

    /// Nil for a name that begins with no letter.
    private static func suspicionKey(_ name: ArraySlice<UInt8>) -> Int? {
        guard let first = name.first, ASCII.isLetter(first) else { return nil }
        let letter = Int(ASCII.lowercased(first) - UInt8(ascii: "a"))
        return letter * lengths + Swift.min(name.count, lengths - 1)
    }
}
