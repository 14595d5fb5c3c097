internal import CLibcurl

/// What a URL of http or https says of its server, read as the client reads it.
package struct OutboundAddress: Hashable, Sendable {
    /// In small letters; an IPv6 address without its brackets.
    package let host: String
    /// The one of the URL, or that of its scheme.
    package let port: Int
    /// Begins with a slash.
    package let path: String

    /// Reads a URL; nil when a client could not call it, since it is malformed, has no host or another scheme.
    package init?(_ url: String) {
        // libcurl passes over a third slash, and takes the path for the host.
        guard !url.contains(/^[A-Za-z]+:\/\/\//), let parts = curl_url() else { return nil }
        defer { curl_url_cleanup(parts) }
        func part(_ what: CURLUPart) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            let flags = what == CURLUPART_PORT ? UInt32(CURLU_DEFAULT_PORT) : 0
            guard curl_url_get(parts, what, &text, flags) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
        guard curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK,
            let scheme = part(CURLUPART_SCHEME), ["http", "https"].contains(scheme.lowercased()),
            let host = part(CURLUPART_HOST), !host.isEmpty,
            let port = part(CURLUPART_PORT).flatMap({ Int($0) })
        else { return nil }
        self.host = host.lowercased().filter { $0 != "[" && $0 != "]" }
        self.port = port
        path = part(CURLUPART_PATH) ?? "/"
    }

    /// Whether a host is this machine, by an address of loopback or the one that stands for all addresses.
    package static func isThisMachine(_ host: String) -> Bool {
        let host = host.lowercased()
        return ["localhost", "::1", "::", "0.0.0.0"].contains(host) || host.hasSuffix(".localhost")
            || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}
