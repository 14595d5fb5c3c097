internal import Core
internal import Crypto

/// Keys of fixed size for values of any size: half of a SHA-256, as a uuid.
///
/// A client may send a run id of a megabyte; an index row of PostgreSQL ends at 2.7 kB. Keys are functions of the
/// values alone, so that any number of Weirs makes the same ones.
enum NextflowKeys {
    /// The key of a run. Contract §4.6: (runId, runName).
    static func run(id: String, name: String) -> UUID128 {
        var digest = KeyDigest()
        digest.add(id)
        digest.add(name)
        return digest.finish()
    }

    /// The digest of a cleaned body, by which a client's automatic repetition is known.
    static func body(_ bytes: ArraySlice<UInt8>) -> UUID128 {
        var digest = KeyDigest()
        digest.add(bytes: bytes)
        return digest.finish()
    }

    /// The key of a completion: what makes two `process_completed` the same.
    static func completion(run: UUID128, trace: Trace) -> UUID128 {
        var digest = KeyDigest()
        digest.add(run)
        for text in trace.identity { digest.add(text) }
        return digest.finish()
    }

    /// The key of a completion that has no task id: the line itself.
    static func completion(run: UUID128, journal: UUID128, seq: Int64) -> UUID128 {
        var digest = KeyDigest()
        digest.add(run)
        digest.add(journal)
        digest.add(String(seq))
        return digest.finish()
    }
}

/// Digests a sequence of fields, each with its length, so that no two sequences digest alike.
private struct KeyDigest {
    private var hash = SHA256()

    mutating func add(_ text: String?) {
        guard var text else {
            addLength(-1)
            return
        }
        text.withUTF8 { bytes in
            addLength(bytes.count)
            hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        }
    }

    mutating func add(_ key: UUID128) {
        var bytes: [UInt8] = []
        key.appendBytes(to: &bytes)
        add(bytes: bytes[...])
    }

    mutating func add(bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    private mutating func addLength(_ count: Int) {
        withUnsafeBytes(of: Int64(count).littleEndian) { hash.update(bufferPointer: $0) }
    }

    consuming func finish() -> UUID128 {
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

/// Text that may go into an index: whole up to 500 bytes, beyond that its beginning and a digest of all of it.
func indexable(_ text: String) -> String {
    guard text.utf8.count > 500 else { return text }
    var digest = KeyDigest()
    digest.add(text)
    let beginning = String(decoding: text.utf8.prefix(450), as: UTF8.self)
    return beginning + "…" + digest.finish().description
}
