internal import Core

/// Masks secrets in what people see. Contract beampipe §6.6.
enum Redaction {
    /// What stands for a secret.
    static let mask = "[REDACTED]"

    private static let names = [
        "password", "passphrase", "passcode", "token", "secret", "credential", "authorization", "routing_key",
        "private_key", "webhook", "api_key",
    ]

    private static let markers = [
        "password=", "passphrase=", "passcode=", "access_token=", "id_token=", "token=", "secret=", "apikey=",
        "api_key=", "authorization=",
    ]

    /// Whether the value of a key is a secret.
    static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        return names.contains { key.contains($0) }
    }

    /// A JSON document with its secrets masked.
    static func masked(_ json: [UInt8]) -> [UInt8] {
        guard let document = try? JSONDocument(json) else { return json }
        var writer = JSONWriter(reservingCapacity: json.count)
        write(document.root, to: &writer)
        return writer.bytes
    }

    private static func write(_ node: JSONNode, to writer: inout JSONWriter) {
        switch node.kind {
        case .object:
            writer.object { object in
                for member in node.members {
                    let key = member.key.string ?? ""
                    object.key(key)
                    if isSecret(key) { object.value(mask) } else { write(member.value, to: &object) }
                }
            }
        case .array:
            writer.array { array in
                for element in node.elements { write(element, to: &array) }
            }
        case .string: writer.value(masked(text: node.string ?? ""))
        default: writer.raw(node.rawBytes)
        }
    }

    /// A text without what follows the markers of secrets, up to `&`, a blank or a quote.
    static func masked(text: String) -> String {
        guard text.contains("=") else { return text }
        var shown = ""
        var rest = text[...]
        while let found = nextMarker(in: rest) {
            shown += rest[..<found.upperBound]
            let secret = rest[found.upperBound...].prefix { !$0.isWhitespace && !"&\"'".contains($0) }
            if !secret.isEmpty { shown += mask }
            rest = rest[secret.endIndex...]
        }
        return shown + rest
    }

    private static func nextMarker(in text: Substring) -> Range<Substring.Index>? {
        // Only ASCII, whose letters keep their places.
        let lower = String(decoding: text.utf8.map { (65...90).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        let found = markers.compactMap { lower.firstRange(of: $0) }
            .min {
                $0.lowerBound == $1.lowerBound ? $0.upperBound > $1.upperBound : $0.lowerBound < $1.lowerBound
            }
        guard let found else { return nil }
        let from = lower.utf8.distance(from: lower.startIndex, to: found.lowerBound)
        let to = lower.utf8.distance(from: lower.startIndex, to: found.upperBound)
        let start = text.utf8.index(text.startIndex, offsetBy: from)
        return start..<text.utf8.index(text.startIndex, offsetBy: to)
    }
}
