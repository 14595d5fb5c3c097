import Core
package import Ingest
import Postgres

/// What `weir token` does.
package struct TokenAdministration: Sendable {
    /// A token that was made.
    package struct Made: Sendable {
        /// To be shown once, and nowhere else.
        package let secret: String
        /// What its bearer may do, in words.
        package let scopes: String
    }

    private let database: DatabaseSession
    private let settings: Settings

    /// Works on the tokens of a database.
    package init(_ database: DatabaseSession, _ settings: Settings) {
        self.database = database
        self.settings = settings
    }

    /// Makes a token of that name.
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
        return Made(secret: secret, scopes: scopes.map(\.rawValue).sorted().joined(separator: ", "))
    }

    /// A line for each token.
    package func list() async throws -> [String] {
        try await requireSchema()
        let tokens = try await database.pool.withConnection { try TokenStore.fetchAll(on: $0) }
        guard !tokens.isEmpty else { return ["no tokens; make one with `weir token create NAME`"] }
        let width = tokens.map(\.name.count).max() ?? 0
        return tokens.map { token in
            let made = token.createdAt.description.prefix(19)
            let revoked = token.revokedAt.map { "  revoked \($0.description.prefix(19))" } ?? ""
            let scopes = token.scopes.joined(separator: "+")
            return "\(token.name.padded(to: width))  \(scopes.padded(to: 17))  made \(made)\(revoked)"
        }
    }

    /// Revokes a token; false when there is none to revoke.
    package func revoke(_ name: String) async throws -> Bool {
        try await requireSchema()
        guard try await database.pool.withConnection({ try TokenStore.revoke(name: name, on: $0) }) else {
            return false
        }
        try await updateMirror()
        return true
    }

    /// A server that starts while PostgreSQL is away must know what was made and revoked here.
    private func updateMirror() async throws {
        let tokens = try await database.pool.withConnection { try TokenStore.fetchValid(on: $0) }
        let directory = try DataDirectory(preparing: settings.dataDirectory, for: settings)
        guard TokenMirror(path: directory.tokenMirror).write(tokens) else {
            throw StartError("the mirror of tokens \(directory.tokenMirror) could not be written")
        }
    }

    /// A command may be the first to see a database; a server would make the same tables.
    private func requireSchema() async throws {
        let skips = settings.skipsMigrations
        let isThere = try await database.pool.withConnection { connection in
            if !skips { _ = try Schema.migrator.migrate(connection) }
            return try Schema.migrator.state(connection) != nil
        }
        guard isThere else { throw StartError("the database has no schema yet: run `weir migrate`") }
    }

    /// 256 random bits, in letters that need no quoting in a shell or a URL.
    private static func randomSecret() -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<43).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return "weir_" + String(letters)
    }
}
