package import Outbound
import WeirApp

/// The server of a command that is a client: Weir, or any other server with the runs API. HTTP or HTTPS, over kept
/// connections. Any thread; requests block.
package struct RemoteServer: Sendable {
    /// Scheme, host and port, for messages.
    package let origin: String

    private static let answerLimit = 64 << 20

    private let base: String
    private let token: String?
    private let timeout: Duration
    private let client = OutboundClient()

    /// Accepts `http://host[:port][/prefix]`, such as `https://h/ingest/<token>`; nil for any other URL, and for a
    /// token that a header cannot contain.
    package init?(url: String, token: String?, timeout: Duration) {
        let isPlain = url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } && !url.contains { "?#".contains($0) }
        guard let scheme = ["http://", "https://"].first(where: url.lowercased().hasPrefix), isPlain else {
            return nil
        }
        let authority = url.dropFirst(scheme.count).prefix { $0 != "/" }
        guard !authority.isEmpty, !authority.contains("@"), authority.first != ":" else { return nil }
        if let token, token.isEmpty || !token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { return nil }
        origin = scheme + authority
        base = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.token = token
        self.timeout = timeout
    }

    /// Sends a request, optionally with a JSON body, and waits for its response.
    package func ask(
        _ method: String,
        _ path: String,
        _ body: [UInt8]? = nil
    ) throws(OutboundError) -> OutboundResponse {
        var request = OutboundRequest(method, base + path, body: body)
        request.fields = [("Accept", "application/json"), ("User-Agent", "weir/\(BuildInfo.version)")]
        if body != nil { request.fields.append(("Content-Type", "application/json")) }
        if let token { request.fields.append(("Authorization", "Bearer \(token)")) }
        request.timeout = timeout
        request.answerLimit = Self.answerLimit
        return try client.sendBlocking(request)
    }
}
