import Core
import Postgres
import TestKit
import Testing

@Suite struct `A connection` {
    private let database: TemporaryDatabase

    init() throws {
        database = try TemporaryDatabase.make()
    }

    private func with<Value>(_ body: (Connection) throws -> Value) throws -> Value {
        try Connection.withTemporary(database.target) { try body($0) }
    }

    private func error(of body: (Connection) throws -> Void) throws -> PostgresError? {
        try with { connection in
            #expect(throws: PostgresError.self) { try body(connection) }
        }
    }

    @Test func `copies of a prepared database share its rows and not its changes`() throws {
        let databases = try (0..<2).map { _ in
            try TemporaryDatabase.make(preparedAs: "copies") { connection in
                _ = try connection.executeScript("CREATE TABLE t AS SELECT 1 AS i")
            }
        }
        try Connection.withTemporary(databases[0].target) { _ = try $0.executeScript("DELETE FROM t") }
        let count = try Connection.withTemporary(databases[1].target) {
            try $0.execute("SELECT count(*) FROM t")[0].int(0)
        }
        #expect(count == 1)
    }

    @Test func `counts rows that have no columns`() throws {
        try with { connection in
            let three = try connection.execute("SELECT FROM generate_series(1, 3)", [])
            let none = try connection.execute("SELECT FROM generate_series(1, 0)", [])
            #expect(three.count == 3 && none.isEmpty)
        }
    }

    @Test(arguments: [
        "SELECT 1", "SELECT i FROM generate_series(1, 5) i", "SELECT i FROM generate_series(1, 11) i",
        "SELECT i FROM generate_series(1, 100000) i",
        // The last row comes in ten minutes, unless the statement is cancelled. The others fill the buffer in which
        // PostgreSQL keeps what it has not sent.
        "SELECT i, CASE WHEN i > 5000 THEN pg_sleep(600) END FROM generate_series(1, 5001) i",
    ])
    func `is usable after rows that nobody wanted to the end`(sql: String) throws {
        try with { connection in
            for isInTransaction in [false, true] {
                var rows = 0
                func read() throws {
                    rows = 0
                    try connection.forEachRow(of: Statement("rows", sql)) { _ in
                        rows += 1
                        return false
                    }
                    let next = try connection.execute("SELECT 2 AS i", [])
                    #expect(try next[0].int("i") == 2)
                }
                if isInTransaction { try connection.transaction { try read() } } else { try read() }
                #expect(rows == 1)
            }
        }
    }

    @Test func `sets the session to UTC and ISO`() throws {
        try with { connection in
            let row = try #require(
                try connection.execute(
                    """
                    SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS style,
                        current_setting('client_encoding') AS encoding,
                        current_setting('application_name') AS name,
                        current_setting('statement_timeout') AS timeout
                    """
                ).first
            )
            #expect(try row.text("zone") == "UTC")
            #expect(try row.text("style").hasPrefix("ISO"))
            #expect(try row.text("encoding") == "UTF8")
            #expect(try row.text("name") == "weir")
            #expect(try row.text("timeout") == "30s")
        }
    }

    @Test func `round-trips every kind of parameter`() throws {
        let instant = Timestamp(microseconds: 1_795_205_142_570_541)
        let identifier = UUID128.random()
        try with { connection in
            let row = try #require(
                try connection.execute(
                    """
                    SELECT $1::bool AS b, $2::int8 AS i, $3::float8 AS d, $4::text AS t, $5::jsonb AS j,
                        $6::bytea AS y, $7::timestamptz AS at, $8::uuid AS u, $9::text AS n
                    """,
                    [
                        .bool(true), .int64(.min), .double(-0.1), .text("Grüße '\"\\ 🙂\n"),
                        .utf8(Array(#"{"a": 1}"#.utf8)), .bytes([0, 255, 92, 39]), .timestamp(instant),
                        .uuid(identifier), .null,
                    ]
                ).first
            )
            #expect(try row.bool("b"))
            #expect(try row.int64("i") == .min)
            #expect(try row.double("d") == -0.1)
            #expect(try row.text("t") == "Grüße '\"\\ 🙂\n")
            #expect(try row.utf8("j") == Array(#"{"a": 1}"#.utf8))
            #expect(try row.bytes("y") == [0, 255, 92, 39])
            #expect(try row.timestamp("at") == instant)
            #expect(try row.uuid(7) == identifier)
            #expect(try row.optionalText("n") == nil)
            #expect(try row.isNull(8))
        }
    }

    @Test func `round-trips every kind of array`() throws {
        let instants: [Timestamp?] = [Timestamp(microseconds: -1), nil, .latest]
        let identifiers: [UUID128?] = [.random(), nil]
        let texts: [String?] = ["", "NULL", nil, "a,b", "{\"x\\\"}", "Grüße", " "]
        try with { connection in
            let row = try #require(
                try connection.execute(
                    """
                    SELECT $1::text[] AS t, $2::int8[] AS i, $3::float8[] AS d, $4::bool[] AS b,
                        $5::timestamptz[] AS at, $6::uuid[] AS u, $7::text[] AS none
                    """,
                    [
                        .textArray(texts), .int64Array([1, nil, .max]),
                        .doubleArray([1.5, nil, .infinity, 1e300]), .boolArray([true, nil, false]),
                        .timestampArray(instants), .uuidArray(identifiers), .textArray([]),
                    ]
                ).first
            )
            #expect(try row.textArray("t") == texts)
            #expect(try row.int64Array("i") == [1, nil, .max])
            #expect(try row.doubleArray("d") == [1.5, nil, .infinity, 1e300])
            #expect(try row.boolArray("b") == [true, nil, false])
            #expect(try row.timestampArray("at") == instants)
            #expect(try row.uuidArray("u") == identifiers)
            #expect(try row.textArray("none") == [])
        }
    }

    @Test(arguments: [
        ("1969-12-31 23:59:59.999999+00", Int64(-1)), ("2026-11-20 20:05:42.57+00", 1_795_205_142_570_000),
        ("0001-01-01 00:00:00+00", -62_135_596_800_000_000),
        ("0001-01-01 00:00:00+00 BC", -62_167_219_200_000_000),
        ("10000-01-01 00:00:00+00", 253_402_300_800_000_000), ("2000-02-29", 951_782_400_000_000),
    ])
    func `reads instants`(_ text: String, _ microseconds: Int64) throws {
        try with { connection in
            let rows = try connection.execute("SELECT ($1::text)::timestamptz", [.text(text)])
            #expect(try rows[0].timestamp(0) == Timestamp(microseconds: microseconds))
            let bare = try connection.execute("SELECT ($1::text)::timestamp", [.text(text)])
            #expect(try bare[0].timestamp(0) == Timestamp(microseconds: microseconds))
        }
    }

    @Test func `refuses U+0000 before it sends anything`() throws {
        let failures: [Parameter] = [.text("a\0b"), .utf8([0]), .textArray(["x", "\0"])]
        for parameter in failures {
            let error = try error { try $0.execute("SELECT $1::text", [parameter]) }
            #expect(error?.kind == .refusedData)
            #expect(error?.sqlState == "22021")
        }
        // A bytea may hold it.
        let bytes = try with { try $0.execute("SELECT $1::bytea", [.bytes([0])])[0].bytes(0) }
        #expect(bytes == [0])
    }

    @Test func `tells an undecodable column without quoting its value`() throws {
        try with { connection in
            let row = try connection.execute(
                "SELECT 'secret'::text AS x, NULL::int AS n, 'infinity'::timestamptz"
            )[0]
            for read in [
                { _ = try row.int64("x") }, { _ = try row.int64("n") }, { _ = try row.text("absent") },
                { _ = try row.text(3) }, { _ = try row.timestamp(2) }, { _ = try row.bool("x") },
                { _ = try row.uuid("x") }, { _ = try row.bytes("x") }, { _ = try row.textArray("x") },
            ] as [() throws -> Void] {
                let error = #expect(throws: PostgresError.self) { try read() }
                #expect(error?.kind == .undecodable)
                #expect(error?.description.contains("secret") == false)
            }
        }
    }

    @Test func `keeps the detail, which quotes values, out of the description`() throws {
        let error = try error { connection in
            try connection.executeScript(
                "CREATE TABLE t (id text PRIMARY KEY); INSERT INTO t VALUES ('secret')"
            )
            try connection.execute(Statement("t.insert", "INSERT INTO t VALUES ($1)"), ["secret"])
        }
        #expect(error?.kind == .refusedData)
        #expect(error?.sqlState == "23505")
        #expect(error?.context == "t.insert")
        #expect(error?.detail?.contains("secret") == true)
        #expect(error.map { "\($0)" }?.contains("secret") == false)
        #expect(error.map { String(reflecting: $0) }?.contains("secret") == false)
    }

    @Test(arguments: [
        ("SELECT 1/0", PostgresError.Kind.refusedData, "22012"),
        ("SELECT 'x'::jsonb", .refusedData, "22P02"),
        ("SELECT * FROM absent", .programming, "42P01"),
        ("SELEKT", .programming, "42601"),
        ("SET statement_timeout = '1ms'; SELECT pg_sleep(10)", .cancelled, "57014"),
        ("BEGIN READ ONLY; CREATE TABLE x ()", .transient, "25006"),
        ("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$", .transient, "40001"),
        ("DO $$ BEGIN RAISE SQLSTATE '99999'; END $$", .programming, "99999"),
    ])
    func `classifies what the server refuses`(_ sql: String, _ kind: PostgresError.Kind, _ state: String)
        throws
    {
        let error = try error { try $0.executeScript(sql) }
        #expect(error?.kind == kind)
        #expect(error?.sqlState == state)
    }

    @Test func `prepares a statement once and keeps a bounded number`() throws {
        try with { connection in
            for _ in 0..<3 { try connection.execute("SELECT $1::int", [1]) }
            #expect(try preparedStatements(connection) == 2)
            for number in 0..<300 { try connection.execute(Statement(sql: "SELECT \(number)")) }
            #expect(try preparedStatements(connection) == 256)
        }
    }

    private func preparedStatements(_ connection: Connection) throws -> Int {
        try connection.execute("SELECT count(*) FROM pg_prepared_statements")[0].int(0)
    }

    @Test func `prepares again when the schema or the session changed`() throws {
        try with { connection in
            try connection.executeScript("CREATE TABLE s (a int); INSERT INTO s VALUES (1)")
            #expect(try connection.execute("SELECT * FROM s")[0].columns == ["a"])
            try connection.executeScript("ALTER TABLE s ADD b text")
            #expect(try connection.execute("SELECT * FROM s")[0].columns == ["a", "b"])
            try connection.executeScript("DEALLOCATE ALL")
            #expect(try connection.execute("SELECT * FROM s").count == 1)
        }
    }

    @Test func `calls a stale plan inside a transaction transient, and has a fresh one afterwards`() throws {
        try with { connection in
            try connection.executeScript("CREATE TABLE s (a int)")
            try connection.execute("SELECT * FROM s")
            try connection.executeScript("ALTER TABLE s ADD b text")
            let error = #expect(throws: PostgresError.self) {
                try connection.transaction { try connection.execute("SELECT * FROM s") }
            }
            #expect(error?.kind == .transient)
            let columns = try connection.transaction { try connection.execute("SELECT * FROM s").columns }
            #expect(columns == ["a", "b"])
        }
    }

    @Test func `is broken after its backend was terminated, and says so`() throws {
        try with { connection in
            #expect(connection.isAlive())
            let error = #expect(throws: PostgresError.self) {
                try connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            }
            #expect(error?.isRetryable == true)
            #expect(connection.isBroken)
            #expect(!connection.isAlive())
        }
    }

    @Test func `notices an idle session that the server closed`() throws {
        try with { connection in
            try with { other in
                _ = try other.execute(
                    "SELECT pg_terminate_backend($1::int, 5000)",
                    [.int64(Int64(connection.processID))]
                )
            }
            #expect(!connection.isAlive())
        }
    }

    @Test func `receives notifications`() throws {
        try with { connection in
            try connection.listen(to: "Runs \"1\"")
            #expect(try connection.notifications().isEmpty)
            try with { _ = try $0.execute("SELECT pg_notify('Runs \"1\"', 'x')") }
            let arrived = try connection.notifications(waitingAtMost: .seconds(10))
            #expect(arrived.map(\.payload) == ["x"])
        }
    }
}
