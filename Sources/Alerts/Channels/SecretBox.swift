internal import Core
internal import Crypto
internal import Glibc

/// Why secrets cannot be sealed or opened.
package enum SecretBoxError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `WEIR_SECRET_KEY` is not 32 bytes in hexadecimal or Base64.
    case badKey
    /// The file of the key cannot be read or made; the number is `errno`.
    case keyFile(path: String, code: Int32)
    /// It was sealed with another key.
    case otherKey(id: String)
    /// It was changed, or moved to another place.
    case damaged

    package var description: String {
        switch self {
        case .badKey:
            "the secret key is not 32 bytes in hexadecimal or Base64: make one with `openssl rand -hex 32`"
        case .keyFile(let path, let code):
            "cannot read or make the secret key \(path): \(String(cString: strerror(code)))"
        case .otherKey(let id):
            "it was sealed with the key \(id), which this Weir does not have: give every Weir the same WEIR_SECRET_KEY, name the old key in WEIR_SECRET_KEY_OLD, or enter the secret again"
        case .damaged: "a sealed secret was changed: enter it again"
        }
    }
}

/// Seals secrets at rest: AES-256-GCM, bound to the place that they are for. Any thread.
package struct SecretBox: Sendable {
    private static let prefix = "sealed:v1:"

    /// One key, and the id by which sealed texts name it: the beginning of its digest.
    private struct Key: Sendable {
        let key: SymmetricKey
        let id: String

        init(_ bytes: [UInt8]) {
            key = SymmetricKey(data: bytes)
            id = Hex.encode(SHA256.hash(data: bytes).prefix(4))
        }
    }

    private let current: Key
    private let old: [Key]

    /// Makes a box of a key of 32 bytes, and older keys that only open.
    package init(key: [UInt8], old: [[UInt8]] = []) throws(SecretBoxError) {
        guard key.count == 32, old.allSatisfy({ $0.count == 32 }) else { throw .badKey }
        current = Key(key)
        self.old = old.map(Key.init)
    }

    /// Reads a key: 32 bytes in hexadecimal or Base64.
    package static func bytes(of text: String) throws(SecretBoxError) -> [UInt8] {
        if let bytes = Hex.decode(text), bytes.count == 32 { return bytes }
        if let bytes = Base64.decode(text), bytes.count == 32 { return bytes }
        throw .badKey
    }

    /// The key of a file, which is made when it is missing; for its owner only.
    package static func key(inFile path: String) throws(SecretBoxError) -> [UInt8] {
        if let bytes = try read(path) { return bytes }
        var made = [UInt8](repeating: 0, count: 32)
        var generator = SystemRandomNumberGenerator()
        for index in made.indices { made[index] = UInt8.random(in: .min ... .max, using: &generator) }
        let temporary = "\(path).\(getpid()).new"
        let descriptor = Glibc.open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .keyFile(path: path, code: errno) }
        let text = Array((Hex.encode(made) + "\n").utf8)
        let isWritten = text.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == text.count
        let isSynced = fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        // Two commands may make it at once: the first file stays.
        let isPlaced = isWritten && isSynced && (link(temporary, path) == 0 || errno == EEXIST)
        unlink(temporary)
        guard isPlaced, let bytes = try read(path) else { throw .keyFile(path: path, code: code) }
        return bytes
    }

    private static func read(_ path: String) throws(SecretBoxError) -> [UInt8]? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .keyFile(path: path, code: errno)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .keyFile(path: path, code: errno) }
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        return try self.bytes(of: String(text.prefix { !$0.isWhitespace }))
    }

    /// Whether a text is a sealed one.
    package static func isSealed(_ text: String) -> Bool { text.hasPrefix(prefix) }

    /// Whether a sealed text needs an older key.
    package func isOutdated(_ sealed: String) -> Bool {
        Self.isSealed(sealed) && !sealed.hasPrefix("\(Self.prefix)\(current.id):")
    }

    /// Seals a secret for a place: it opens nowhere else.
    package func seal(_ secret: String, for place: String) throws(SecretBoxError) -> String {
        let box = try? AES.GCM.seal(Array(secret.utf8), using: current.key, authenticating: Array(place.utf8))
        guard let combined = box?.combined else { throw .damaged }
        return "\(Self.prefix)\(current.id):\(Base64.encode(Array(combined)))"
    }

    /// The secret of a sealed text; any other text is returned as it is.
    package func open(_ text: String, for place: String) throws(SecretBoxError) -> String {
        guard Self.isSealed(text) else { return text }
        let parts = text.dropFirst(Self.prefix.count).split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let bytes = Base64.decode(parts[1]) else { throw .damaged }
        guard let key = ([current] + old).first(where: { $0.id == parts[0] }) else {
            throw .otherKey(id: String(parts[0]))
        }
        guard let box = try? AES.GCM.SealedBox(combined: bytes),
            let secret = try? AES.GCM.open(box, using: key.key, authenticating: Array(place.utf8))
        else { throw .damaged }
        return String(decoding: secret, as: UTF8.self)
    }
}
