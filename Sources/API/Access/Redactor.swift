internal import Core

/// Masks the values of named keys, wherever they are in a document, before it is written to the journal. Design §6.
///
/// Keys are compared without case, and by their letters and digits only: `api_key` is also `apiKey`, `API-Key` and
/// `api key`. Strings that hold JSON text are read, too.
package struct Redactor: Sendable {
    /// The string that replaces a value.
    package static let mask = "[redacted]"

    private let masking: JSONMasking
    private let names: Set<String>

    /// Makes a redactor, nil when there is nothing to mask.
    package init?(keys: [String]) {
        let names = Set(keys.map { Self.normalized($0.utf8) }.filter { !$0.isEmpty })
        guard !names.isEmpty else { return nil }
        self.names = names
        masking = JSONMasking(mask: Array("\"\(Self.mask)\"".utf8)) { names.contains(Self.normalized($0)) }
    }

    /// The document with the values of the keys replaced; the same bytes when it has none of them or is not JSON.
    package func masked(_ bytes: [UInt8]) -> [UInt8] { masking.masked(bytes) ?? bytes }

    /// Whether the value of a key is masked.
    package func isMasked(_ key: String) -> Bool { names.contains(Self.normalized(key.utf8)) }

    private static func normalized(_ key: some Collection<UInt8>) -> String {
        guard key.allSatisfy({ $0 < 0x80 }) else {
            // Invisible characters do not make a different key.
            let seen = String(decoding: key, as: UTF8.self).unicodeScalars.filter {
                !$0.properties.isDefaultIgnorableCodePoint
            }
            return String(seen).lowercased().filter { $0.isLetter || $0.isNumber }
        }
        let letters = key.lazy.filter(isLetterOrDigit).map { $0 | 0x20 }
        return String(decoding: Array(letters), as: UTF8.self)
    }

    /// Of ASCII.
    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
    }
}
