/// Masks secrets in what people see. Contract beampipe §6.6.
package enum Redaction {
    /// What stands for a secret.
    package static let mask = "[REDACTED]"

    private static let words = [
        "password", "passphrase", "passcode", "token", "secret", "credential", "authorization", "routing_key",
        "private_key", "webhook", "api_key",
    ]
    // `access_token=` ends as `token=` does.
    private static let markers = [
        "password=", "passphrase=", "passcode=", "token=", "secret=", "apikey=", "api_key=", "authorization=",
    ].map { Array($0.utf8) }

    /// Whether the value of a key with this name is a secret.
    package static func isSecret(_ name: String) -> Bool {
        let name = name.lowercased()
        return words.contains { name.contains($0) }
    }

    /// A JSON document with its secrets masked: the values of keys, and parts of texts.
    package static func masked(_ json: [UInt8]) -> [UInt8] {
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

    /// A text without what follows `password=`, `token=` and the like, up to `&`, a blank or a quote.
    package static func masked(text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "=")) else { return text }
        let bytes = Array(text.utf8)
        let small = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        var shown: [UInt8] = []
        var start = 0
        for (place, byte) in bytes.enumerated() where byte == UInt8(ascii: "=") && place >= start {
            guard markers.contains(where: { small[start...place].ends(with: $0) }) else { continue }
            shown += bytes[start...place] + Array(mask.utf8)
            start = bytes[(place + 1)...].firstIndex(where: isEnd) ?? bytes.count
        }
        return String(decoding: shown + bytes[start...], as: UTF8.self)
    }

    /// Whether a byte ends a secret: `&`, a quote, a blank or a line break.
    private static func isEnd(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with bytes: [UInt8]) -> Bool { suffix(bytes.count).elementsEqual(bytes) }
}
