import API
import Core
import Glibc

/// A file with the hashes of the tokens in PostgreSQL, which is used while PostgreSQL is away.
///
/// It is made with the first token and stays when the last one is revoked: that it is there says that there were some.
package struct TokenMirror: Sendable {
    /// The file; mode 0600.
    let path: String

    /// The mirror in a file, which need not be there.
    package init(path: String) {
        self.path = path
    }

    /// What the file says.
    package enum Contents: Hashable, Sendable {
        /// There is no file: no token has been seen from here.
        case absent
        /// The tokens of the last write; possibly empty.
        case tokens([AccessToken])
        /// The file is not usable: there were tokens, but it is unknown which.
        case unusable

        /// The readable tokens.
        package var tokens: [AccessToken] { if case .tokens(let tokens) = self { tokens } else { [] } }
    }

    /// Reads the file.
    package func read() -> Contents {
        guard access(path, F_OK) == 0 || errno != ENOENT else { return .absent }
        return tokens().map(Contents.tokens) ?? .unusable
    }

    private func tokens() -> [AccessToken]? {
        guard let bytes = Self.contents(of: path), let document = try? JSONDocument(bytes) else { return nil }
        guard let list = document.root["tokens"], list.kind == .array else { return nil }
        var tokens: [AccessToken] = []
        for element in list.elements {
            guard
                let name = element["name"]?.string,
                let hash = element["hash"]?.string.flatMap(Hex.decode).flatMap(TokenHash.init(bytes:)),
                let scopes = element["scopes"], scopes.kind == .array
            else { return nil }
            let known = scopes.elements.compactMap { $0.string.flatMap(Scope.init(rawValue:)) }
            tokens.append(AccessToken(name: name, hash: hash, scopes: Set(known)))
        }
        return tokens
    }

    /// Replaces the file in one step; false when the disk refuses.
    package func write(_ tokens: [AccessToken]) -> Bool {
        var writer = JSONWriter()
        writer.object { object in
            object.member("version", 1)
            object.array("tokens") { list in
                for token in tokens.sorted(by: { $0.name < $1.name }) {
                    list.object { element in
                        element.member("name", token.name)
                        element.member("hash", Hex.encode(token.hash.bytes))
                        element.array("scopes") { scopes in
                            for scope in token.scopes.map(\.rawValue).sorted() { scopes.value(scope) }
                        }
                    }
                }
            }
        }
        return replace(with: writer.bytes + [UInt8(ascii: "\n")])
    }

    private func replace(with bytes: [UInt8]) -> Bool {
        // Two writers may run at once, also in one process, or in two containers with equal process ids.
        let temporary = "\(path).\(UUID128.random()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let isWritten =
            bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
        let isSynced = fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, isSynced, rename(temporary, path) == 0 else {
            unlink(temporary)
            return false
        }
        return true
    }

    private static func contents(of path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0 { return nil }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }
}
