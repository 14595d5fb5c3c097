import API
package import Core
package import Postgres

/// The SQL of `access_token`.
package enum TokenStore {
    /// A token in `weir token list`.
    package struct Listing: Sendable {
        package let name: String
        package let scopes: [String]
        package let createdAt: Timestamp
        package let revokedAt: Timestamp?
    }

    /// Every valid token, and whether there has ever been one.
    package static func fetch(on connection: Connection) throws -> (valid: [AccessToken], hadTokens: Bool) {
        let valid = try fetchValid(on: connection)
        guard valid.isEmpty else { return (valid, true) }
        let rows = try connection.execute("SELECT FROM access_token LIMIT 1", [])
        return ([], !rows.isEmpty)
    }

    /// Every token that is not revoked.
    private static func fetchValid(on connection: Connection) throws -> [AccessToken] {
        let rows = try connection.execute(
            "SELECT name, hash, scopes FROM access_token WHERE revoked_at IS NULL",
            []
        )
        return try rows.compactMap { row in
            guard let hash = TokenHash(bytes: try row.bytes("hash")) else { return nil }
            let scopes = try row.textArray("scopes").compactMap { $0.flatMap(Scope.init(rawValue:)) }
            return AccessToken(name: try row.text("name"), hash: hash, scopes: Set(scopes))
        }
    }

    /// All tokens, including revoked ones, by name.
    package static func fetchAll(on connection: Connection) throws -> [Listing] {
        let rows = try connection.execute(
            "SELECT name, scopes, created_at, revoked_at FROM access_token ORDER BY name COLLATE \"C\"",
            []
        )
        return try rows.map { row in
            Listing(
                name: try row.text("name"),
                scopes: try row.textArray("scopes").compactMap { $0 },
                createdAt: try row.timestamp("created_at"),
                revokedAt: try row.optionalTimestamp("revoked_at")
            )
        }
    }

    /// Stores a token; false when the name is taken.
    package static func insert(_ token: AccessToken, on connection: Connection) throws -> Bool {
        try connection.execute(
            """
            INSERT INTO access_token (id, name, hash, scopes)
            VALUES ($1, $2, $3, $4::text[])
            ON CONFLICT (name) DO NOTHING
            """,
            [
                .uuid(.random()), .text(token.name), .bytes(token.hash.bytes),
                .textArray(token.scopes.map(\.rawValue).sorted()),
            ]
        ).affectedRows == 1
    }

    /// Revokes a token; false when no valid token has that name.
    package static func revoke(name: String, on connection: Connection) throws -> Bool {
        try connection.execute(
            "UPDATE access_token SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL",
            [.text(name)]
        ).affectedRows == 1
    }
}
