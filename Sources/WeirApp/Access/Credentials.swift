import Configuration
import Core
import HTTP

/// The secrets of a request, in every form that clients use.
///
/// A secret is in `Authorization: Bearer`, in `X-API-Key`, in the path, or anywhere in `Authorization: Basic`: as the
/// password, as the user, or as the whole text. nf-weblog 1.1.0 encodes its `basicToken` twice (contract §4.1), so
/// that the decoded text of Basic is decoded once more if possible.
enum Credentials {
    /// Every candidate, without repetitions; empty when the request has none.
    static func secrets(in fields: HeaderFields, pathSecret: String?) -> [[UInt8]] {
        var secrets: [[UInt8]] = []
        func add(_ secret: [UInt8]) {
            if !secret.isEmpty, !secrets.contains(secret) { secrets.append(secret) }
        }
        if let pathSecret { add(Array(pathSecret.utf8)) }
        if let key = fields["X-API-Key"] { add(Array(key.utf8)) }
        if let value = fields["Authorization"] {
            authorization(value).forEach(add)
        }
        return secrets
    }

    private static func authorization(_ value: String) -> [[UInt8]] {
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return [] }
        let credentials = parts[1].trimmed
        switch parts[0].lowercased() {
        case "bearer": return [Array(credentials.utf8)]
        case "basic":
            guard let text = Base64.decode(credentials) else { return [] }
            let inner = Base64.decode(text).map(words) ?? []
            return words(text) + inner
        default: return []
        }
    }

    /// Password, user and the whole of `user:password`.
    private static func words(_ text: [UInt8]) -> [[UInt8]] {
        let halves = text.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return [text] }
        return [Array(halves[1]), Array(halves[0]), text]
    }
}
