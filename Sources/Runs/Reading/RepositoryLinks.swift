/// Web pages of repositories and commits. Contract §1.9, with D24, D25 and D29: ssh remotes get links, too, hosts are
/// compared as hosts, and credentials are never shown.
package struct RepositoryLinks: Sendable {
    /// The software of a repository server, which decides the path of a commit.
    package enum Platform: String, Sendable, CaseIterable {
        case github, gitlab, bitbucket
    }

    private let platforms: [String: Platform]

    /// Makes links; `hosts` names self-hosted servers, by host in lower case.
    package init(hosts: [String: Platform] = [:]) {
        let known: [String: Platform] = [
            "github.com": .github, "www.github.com": .github, "gitlab.com": .gitlab,
            "www.gitlab.com": .gitlab,
            "bitbucket.org": .bitbucket, "www.bitbucket.org": .bitbucket,
        ]
        platforms = known.merging(hosts) { _, own in own }
    }

    /// The page of a repository; nil for a remote that a browser can't open.
    package func repository(_ remote: String?) -> String? {
        guard let remote else { return nil }
        let trimmed = remote.trimmingWhitespace()
        guard var url = Self.https(trimmed) else { return nil }
        if url.hasSuffix(".git") { url.removeLast(4) }
        while url.hasSuffix("/") { url.removeLast() }
        return url.hasPrefix("https://") ? url : nil
    }

    /// The page of a commit; nil when the platform is unknown or there is no commit.
    package func commit(_ hash: String?, in remote: String?) -> String? {
        guard let hash, !hash.trimmingWhitespace().isEmpty, let page = repository(remote) else { return nil }
        let host = page.dropFirst("https://".count).prefix { $0 != "/" && $0 != ":" }.lowercased()
        return switch platforms[host] {
        case .github: "\(page)/commit/\(hash)"
        case .gitlab: "\(page)/-/commit/\(hash)"
        case .bitbucket: "\(page)/commits/\(hash)"
        case nil: nil
        }
    }

    // MARK: - Spellings of remotes

    private static func https(_ remote: String) -> String? {
        if remote.hasPrefix("git@") { return scp(remote.dropFirst("git@".count)) }
        for scheme in ["https://", "http://", "ssh://"] where remote.hasPrefix(scheme) {
            let rest = remote.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" }
            var host =
                authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
            // The port of an ssh server is not that of its web server.
            if scheme == "ssh://" { host = host.prefix { $0 != ":" } }
            guard !host.isEmpty else { return nil }
            return "https://\(host)\(rest[authority.endIndex...])"
        }
        return nil
    }

    /// `HOST:PATH`, the syntax of scp.
    private static func scp(_ remote: Substring) -> String? {
        guard let colon = remote.firstIndex(of: ":"), colon > remote.startIndex else { return nil }
        let path = remote[remote.index(after: colon)...]
        return path.isEmpty ? nil : "https://\(remote[..<colon])/\(path)"
    }
}

extension String {
    fileprivate func trimmingWhitespace() -> String {
        let start = self.drop { $0.isWhitespace }
        guard let end = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...end])
    }
}
