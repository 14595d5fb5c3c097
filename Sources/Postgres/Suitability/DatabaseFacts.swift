/// The facts about a database and the role's rights in it, read over one session.
package struct DatabaseFacts: Hashable, Sendable {
    /// The server's encoding of the database, `UTF8`.
    package let encoding: String
    /// The database's name.
    package let database: String
    /// The role whose rights are checked.
    package let role: String
    /// The schema that new tables go to; nil when the search path names none that exists.
    package let schema: String?
    /// Whether the role may make tables in `schema`.
    package let mayCreateTables: Bool
    /// Whether the role may make temporary tables, which every loader needs.
    package let mayMakeTemporaryTables: Bool
    /// The owner of Weir's tables when the role may not write to them; nil when it may, or when there are none yet.
    package let foreignOwner: String?
    /// Whether the server is a standby.
    package let isStandby: Bool
    /// Whether transactions of the session are read-only.
    package let isReadOnly: Bool
    /// Whether several clients share one session of the server, as a pooler in transaction mode does it.
    package let sharesSessions: Bool

    /// Reads the facts. Opens a second connection to `target` only if there is a pooler in between.
    /// - Throws: `PostgresError`.
    package static func fetch(
        _ connection: Connection,
        _ target: ConnectionTarget,
        _ settings: SessionSettings
    ) throws -> DatabaseFacts {
        let row = try connection.executeOnce(question)[0]
        let isDirect = try row.int("backend") == Int(connection.processID)
        return DatabaseFacts(
            encoding: try row.text("encoding"),
            database: try row.text("database"),
            role: try row.text("role"),
            schema: try row.optionalText("schema"),
            mayCreateTables: try row.bool("may_create"),
            mayMakeTemporaryTables: try row.bool("may_make_temporary"),
            foreignOwner: try row.optionalText("foreign_owner"),
            isStandby: try row.bool("is_standby"),
            isReadOnly: try row.bool("is_read_only"),
            sharesSessions: isDirect ? false : try PoolerProbe.sharesSessions(connection, target, settings)
        )
    }

    private static let question = Statement(
        "look at the database",
        """
        SELECT
            current_setting('server_encoding') AS encoding,
            current_database()::text AS database,
            current_user::text AS role,
            current_schema()::text AS schema,
            coalesce(has_schema_privilege(current_schema()::text, 'CREATE'), false) AS may_create,
            has_database_privilege(current_database()::text, 'TEMPORARY') AS may_make_temporary,
            (
                SELECT pg_get_userbyid(c.relowner)::text
                FROM pg_class c
                WHERE c.oid = to_regclass('journal_position')
                  AND NOT (has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE'))
            ) AS foreign_owner,
            pg_is_in_recovery() AS is_standby,
            current_setting('transaction_read_only')::boolean AS is_read_only,
            pg_backend_pid() AS backend
        """
    )
}

extension DatabaseFacts {
    /// Why Weir cannot work with this database at all; nil when it can, once its tables are there.
    package var misfit: DatabaseMisfit? {
        if sharesSessions { return .sharedSessions }
        if encoding != "UTF8" { return .encoding(found: encoding, database: database, role: role) }
        if !mayMakeTemporaryTables { return .noTemporaryTables(role: role, database: database) }
        if let owner = foreignOwner { return .foreignTables(role: role, owner: owner) }
        return nil
    }

    /// Why no tables can be created: at the first start, for a newer version, for a new day. Nil when they can.
    package var creationMisfit: DatabaseMisfit? {
        if isStandby { return .standby }
        if isReadOnly { return .readOnly(role: role) }
        guard let schema else { return .noSchema(role: role, database: database) }
        return mayCreateTables ? nil : .noTables(role: role, schema: schema)
    }
}
