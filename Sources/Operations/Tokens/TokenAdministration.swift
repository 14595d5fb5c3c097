package import API
import Core
import Postgres
package import WeirApp

/// Implements `weir token`.
package struct TokenAdministration: Sendable {
    /// A new token.
    package struct Made: Sendable {
        /// Shown once, and nowhere else.
        package let secret: String
        /// Its scopes as text.
        package let scopes: String
        let token: AccessToken

        /// The token for programs: one object, with the secret.
        package var json: String {
            var writer = JSONWriter()
            writer.object { object in
                object.member("name", token.name)
                object.member("token", secret)
                object.array("scopes") { list in
                    for scope in token.scopes.map(\.rawValue).sorted() { list.value(scope) }
                }
            }
            return writer.text
        }
    }

    private let database: DatabaseSession
    private let settings: Settings

    /// Works on the tokens of a database.
    package init(_ database: DatabaseSession, _ settings: Settings) {
        self.database = database
        self.settings = settings
    }

    /// Makes a token with this name.
    package func create(_ name: String, scopes: Set<Scope>) async throws -> Made {
        guard (1...100).contains(name.count), !name.contains(where: \.isNewline) else {
            throw StartError("a token's name has 1 to 100 characters on one line")
        }
        let secret = Self.randomSecret()
        let token = AccessToken(name: name, secret: secret, scopes: scopes)
        try await requireSchema()
        guard try await database.pool.withConnection({ try TokenStore.insert(token, on: $0) }) else {
            throw StartError("there is a token '\(name)' already, or there was one; choose another name")
        }
        try await updateMirror()
        let words = scopes.map(\.rawValue).sorted().joined(separator: ", ")
        return Made(secret: secret, scopes: words, token: token)
    }

    /// A line for each token.
    package func list() async throws -> [String] {
        try await requireSchema()
        let tokens = try await database.pool.withConnection { try TokenStore.fetchAll(on: $0) }
        guard !tokens.isEmpty else { return ["no tokens; make one with `weir token create NAME`"] }
        let width = min(tokens.map { TerminalText.value($0.name).count }.max() ?? 0, 24)
        return tokens.map { token in
            let made = token.createdAt.description.prefix(10)
            let revoked = token.revokedAt.map { "  revoked \($0.description.prefix(10))" } ?? ""
            let scopes = token.scopes.joined(separator: "+")
            return
                "\(TerminalText.value(token.name).padded(to: width))  \(scopes.padded(to: 17))  made \(made)\(revoked)"
        }
    }

    /// All tokens for programs: an array with an object for each.
    package func listJSON() async throws -> String {
        try await requireSchema()
        let tokens = try await database.pool.withConnection { try TokenStore.fetchAll(on: $0) }
        var writer = JSONWriter()
        writer.array { list in
            for token in tokens {
                list.object { object in
                    object.member("name", token.name)
                    object.array("scopes") { scopes in
                        for scope in token.scopes { scopes.value(scope) }
                    }
                    object.member("created_at", token.createdAt, offset: .z)
                    object.member("revoked_at", token.revokedAt.map { $0.iso8601(offset: .z) })
                }
            }
        }
        return writer.text
    }

    /// Revokes a token and returns a report; nil when there is no such token.
    package func revoke(_ name: String) async throws -> [String]? {
        try await requireSchema()
        guard try await database.pool.withConnection({ try TokenStore.revoke(name: name, on: $0) }) else {
            return nil
        }
        let left = settings.tokens + (try await updateMirror())
        let policy = AccessPolicy(allowsAnonymous: settings.allowsAnonymous)
        let isLast = left.isEmpty
        let warning = policy.warning(about: TokenTable(left, hadTokens: true))
        let open = "requests without a token may send and read, since WEIR_ALLOW_ANONYMOUS=true"
        return ["revoked '\(name)'"] + (isLast ? [warning ?? open] : [])
    }

    /// Updates the mirror, so that a server that starts while PostgreSQL is away knows the new tokens. Returns the
    /// valid ones.
    @discardableResult
    private func updateMirror() async throws -> [AccessToken] {
        let (tokens, _) = try await database.pool.withConnection { try TokenStore.fetch(on: $0) }
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        guard TokenMirror(path: directory.tokenMirror).write(tokens) else {
            throw StartError("the mirror of tokens \(directory.tokenMirror) could not be written")
        }
        directory.handOver(directory.tokenMirror)
        return tokens
    }

    /// Migrates if needed: a command may be the first to use a database.
    private func requireSchema() async throws {
        let skips = settings.skipsMigrations
        let isThere = try await database.pool.withConnection { connection in
            if !skips { _ = try Schema.migrator.migrate(connection) }
            return try Schema.migrator.state(connection) != nil
        }
        guard isThere else { throw StartError("the database has no schema yet: run `weir migrate`") }
    }

    /// 256 random bits, in characters that need no quoting in a shell or a URL.
    private static func randomSecret() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<43).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return "weir_" + String(letters)
    }
}
