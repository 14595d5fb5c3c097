internal import API
internal import Core

extension ErrorEnvelope {
    /// `{"detail": …}`, and the reference's messages for unknown callers.
    static let runs = ErrorEnvelope(challenge: challenge) { _, message in
        var writer = JSONWriter()
        writer.object { $0.member("detail", message) }
        return writer.bytes
    }

    private static func challenge(_ authorization: String?) -> String {
        guard let authorization else {
            return "Authorization header required. Use: Authorization: Bearer <token>"
        }
        let words = authorization.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0].lowercased() == "bearer" else {
            return "Invalid authorization format. Use: Authorization: Bearer <token>"
        }
        return "Invalid authentication token"
    }
}
