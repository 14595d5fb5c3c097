/// Where to listen, as an operator writes it: `[profile@]host:port`, `[profile@][v6]:port` or `[profile@]unix:/path`.
package struct ListenSpecification: Hashable, Sendable, CustomStringConvertible {
    /// The listener profile, which selects responses of colliding paths; nil for the main one.
    package var profile: String?
    /// The address.
    package var endpoint: Endpoint

    /// The kinds of address.
    package enum Endpoint: Hashable, Sendable {
        /// A host name, an IPv4 address or an IPv6 address (without brackets), and a port; 0 lets the system
        /// choose.
        case tcp(host: String, port: UInt16)
        /// The path of a Unix socket.
        case unix(path: String)
    }

    /// Describes a listener in code.
    package init(profile: String? = nil, _ endpoint: Endpoint) {
        self.profile = profile
        self.endpoint = endpoint
    }

    /// Reads one listener.
    ///
    /// `profiles` are those that may be named.
    package init(_ text: some StringProtocol, profiles: Set<String>) throws(ListenSpecificationError) {
        var rest = text[...]
        let mark = text.firstIndex { "@/:[".contains($0) }
        if let mark, text[mark] == "@" {
            let name = String(text[..<mark])
            guard profiles.contains(name) else {
                throw ListenSpecificationError(
                    text: String(text),
                    cause: .unknownProfile(known: profiles.sorted())
                )
            }
            profile = name
            rest = text[text.index(after: mark)...]
        }
        guard let endpoint = Endpoint(rest) else {
            throw ListenSpecificationError(text: String(text), cause: .malformed)
        }
        self.endpoint = endpoint
    }

    /// Reads a comma-separated list; blanks around members are ignored, at least one is needed.
    package static func list(
        _ text: String,
        profiles: Set<String>
    ) throws(ListenSpecificationError) -> [ListenSpecification] {
        var all: [ListenSpecification] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let trimmed = part.drop { $0 == " " }
            let end = trimmed.lastIndex { $0 != " " }.map(trimmed.index(after:)) ?? trimmed.endIndex
            all.append(try ListenSpecification(trimmed[..<end], profiles: profiles))
        }
        return all
    }

    /// Whether only this machine can connect: a Unix socket, 127.0.0.0/8, ::1 or `localhost`.
    package var isLoopback: Bool {
        switch endpoint {
        case .unix: true
        case .tcp(let host, _): host == "localhost" || host == "::1" || isIPv4Loopback(host)
        }
    }

    /// The form it is written in.
    package var description: String {
        let prefix = profile.map { "\($0)@" } ?? ""
        switch endpoint {
        case .unix(let path): return "\(prefix)unix:\(path)"
        case .tcp(let host, let port) where host.contains(":"): return "\(prefix)[\(host)]:\(port)"
        case .tcp(let host, let port): return "\(prefix)\(host):\(port)"
        }
    }

    private func isIPv4Loopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

extension ListenSpecification.Endpoint {
    fileprivate init?(_ text: some StringProtocol) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/") else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = String(text[..<colon])
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        guard let port = UInt16(digits) else { return nil }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { return nil }
        } else if host.contains(where: { ":[]/@ ".contains($0) }) {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self = .tcp(host: host, port: port)
    }
}

/// Why the text of a listener could not be parsed.
package struct ListenSpecificationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text.
    package let text: String
    /// What is wrong with it.
    package let cause: Cause

    /// The causes.
    package enum Cause: Hashable, Sendable {
        /// The text has none of the forms.
        case malformed
        /// The listener profile is none of the known ones.
        case unknownProfile(known: [String])
    }

    /// A sentence for the operator.
    package var description: String {
        switch cause {
        case .malformed:
            "cannot read listener \"\(text)\": "
                + "expected [profile@]host:port, [profile@][v6]:port or [profile@]unix:/path"
        case .unknownProfile(let known):
            "unknown profile in listener \"\(text)\": known are \(known.joined(separator: ", "))"
        }
    }
}
