package import Core
internal import Crypto

/// Digests a sequence of fields, each with its length, so that different sequences have different digests.
package struct KeyDigest {
    private var hash = SHA256()

    /// Makes an empty digest.
    package init() {}

    /// Adds a field.
    package mutating func add(_ text: String?) {
        guard var text else {
            addLength(-1)
            return
        }
        text.withUTF8 { bytes in
            addLength(bytes.count)
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        }
    }

    /// Adds a field.
    package mutating func add(_ key: UUID128) {
        var bytes: [UInt8] = []
        key.appendBytes(to: &bytes)
        add(bytes: bytes[...])
    }

    /// Adds a field.
    package mutating func add(bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    private mutating func addLength(_ count: Int) {
        withUnsafeBytes(of: Int64(count).littleEndian) { hash.update(bufferPointer: $0) }
    }

    /// The key: half of the digest.
    package consuming func finish() -> UUID128 {
        let digest = hash.finalize()
        guard
            let key = digest.withUnsafeBytes({
                UUID128(bytes: UnsafeRawBufferPointer(rebasing: $0.prefix(16)))
            })
        else {
            preconditionFailure("BUG: a SHA-256 has 32 bytes")
        }
        return key
    }
}

/// Text that may go into an index: whole up to 500 bytes, otherwise its beginning and a digest of the whole.
package func indexable(_ text: String) -> String {
    guard text.utf8.count > 500 else { return text }
    var digest = KeyDigest()
    digest.add(text)
    let beginning = String(decoding: text.utf8.prefix(450), as: UTF8.self)
    return beginning + "…" + digest.finish().description
}
