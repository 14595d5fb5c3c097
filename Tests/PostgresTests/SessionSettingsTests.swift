import Core
import TestKit
import Testing

@testable import Postgres

@Suite struct `Session settings` {
    private let database: TemporaryDatabase
    private let role = "odd_\(UUID128.random().description.prefix(8))"

    init() throws {
        database = try TemporaryDatabase.make()
    }

    private func run(_ sql: String) throws {
        try Connection.withTemporary(database.target) { _ = try $0.executeScript(sql) }
    }

    /// Everything that a person may set for a role and that changes texts or meanings.
    private static let odd = [
        "client_encoding = 'LATIN1'", "extra_float_digits = -15", "search_path = 'nowhere', 'odd'",
        "DateStyle = 'German, DMY'", "IntervalStyle = 'iso_8601'", "TimeZone = 'Asia/Kathmandu'",
        "bytea_output = 'escape'", "standard_conforming_strings = off", "backslash_quote = off",
        "default_transaction_isolation = 'serializable'", "statement_timeout = '10s'",
        "lock_timeout = '10s'",
        "row_security = off", "quote_all_identifiers = on", "array_nulls = off", "transform_null_equals = on",
        "idle_session_timeout = '10s'", "idle_in_transaction_session_timeout = '10s'",
        "lc_messages = 'C.UTF-8'",
        "lc_numeric = 'C.UTF-8'", "lc_monetary = 'C.UTF-8'", "lc_time = 'C.UTF-8'",
    ]

    private static let texts = Statement(
        sql: """
            SELECT
                0.1::float8 + 0.2::float8 AS float, 'é'::text AS text, '\\x00ff'::bytea AS bytes,
                '2026-03-02 01:00:00+00'::timestamptz AS time, '1 day 02:03'::interval AS interval,
                current_schema()::text AS schema, quote_ident('plain') AS name, 'a\\nb' AS backslash,
                (NULL = NULL) IS NULL AS null_is_unknown, '{NULL}'::text[] AS nulls,
                current_setting('transaction_isolation') AS isolation,
                current_setting('idle_session_timeout') AS idle, current_setting('statement_timeout') AS patience
            """
    )

    private func answers(_ target: ConnectionTarget) throws -> [String?] {
        try Connection.withTemporary(target) { connection in
            let row = try connection.execute(Self.texts)[0]
            return try row.columns.indices.map { try row.optionalText(.position($0)) }
        }
    }

    @Test func `answer the same to a role with odd settings of its own`() throws {
        try run("CREATE SCHEMA odd; GRANT ALL ON SCHEMA odd, public TO PUBLIC; CREATE ROLE \(role) LOGIN")
        defer { try? run("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let target = database.target.with("user", role)
        let plain = try answers(target)
        #expect(plain[0] == "0.30000000000000004")
        #expect(plain[5] == "public")
        for setting in Self.odd { try run("ALTER ROLE \(role) SET \(setting)") }
        #expect(try answers(target) == plain)
    }

    @Test func `look for Weir's tables where the role's search path has them already`() throws {
        try run(
            """
            CREATE SCHEMA "Own one"; CREATE TABLE "Own one".weir_migration (version int); CREATE ROLE \(role) LOGIN;
            GRANT ALL ON SCHEMA "Own one", public TO \(role); ALTER ROLE \(role) SET search_path = "Own one", public
            """
        )
        defer { try? run("DROP OWNED BY \(role); DROP ROLE \(role)") }
        #expect(try answers(database.target.with("user", role))[5] == "Own one")
    }

    @Test func `leave a search path alone that the URL names`() throws {
        try run(
            "CREATE SCHEMA telemetry; CREATE ROLE \(role) LOGIN; GRANT ALL ON SCHEMA telemetry TO \(role)"
        )
        defer { try? run("DROP OWNED BY \(role); DROP ROLE \(role)") }
        let target = database.target.with("user", role).with("options", "-csearch_path=telemetry")
        #expect(try answers(target)[5] == "telemetry")
    }

    @Test func `never give two statements of different sessions one name`() throws {
        let names = try (0..<2).map { _ in
            try Connection.withTemporary(database.target) { connection in
                _ = try connection.execute("SELECT 1 AS a")
                return try connection.executeOnce("SELECT name FROM pg_prepared_statements")[0].text(0)
            }
        }
        #expect(Set(names).count == 2)
        #expect(names.allSatisfy { $0.hasPrefix("weir_") && $0.utf8.count < 64 })
    }
}
