import HTTP

/// The prefix `/ingest/<secret>` before an ingest route, for clients that can only be given a URL.
struct IngestPrefix {
    /// The secret, percent-decoded. **Never log it.**
    let secret: String
    /// The head without the prefix.
    let head: RequestHead

    /// Removes the prefix; nil when there is none.
    init?(_ head: RequestHead) {
        let prefix = "/ingest/"
        guard head.path.hasPrefix(prefix) else { return nil }
        let rest = head.path.dropFirst(prefix.count)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        guard end > rest.startIndex else { return nil }
        let path = rest[end...].isEmpty ? "/" : String(rest[end...])
        var stripped = head
        stripped.path = path
        stripped.target = head.rawQuery.map { "\(path)?\($0)" } ?? path
        secret = PercentCoding.decode(rest[..<end].utf8)
        self.head = stripped
    }

    /// A path for a log line: the segment after `ingest` or `ping`, however it is spelt and wherever it is, may be a
    /// secret, also when no route matched.
    static func masked(_ path: String) -> String {
        var follows = false
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).map { segment in
            if segment.isEmpty { return segment }
            let word = PercentCoding.decode(segment.utf8).lowercased()
            defer { follows = word == "ingest" || word == "ping" }
            return follows ? "***" : segment
        }
        return segments.joined(separator: "/")
    }
}
