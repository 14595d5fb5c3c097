/// URLs for people and logs.
package enum ShownURL {
    /// What stands for a secret.
    package static let mask = "[redacted]"

    /// A URL without the password in it: `https://user:[redacted]@host`. Any other text stays as it is.
    package static func text(_ url: String) -> String {
        guard let scheme = url.ranges(of: "://").first else { return url }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
            return url
        }
        return url[...colon] + mask + url[at...]
    }
}
