import Testing

@testable import Postgres

@Suite struct `A connection target` {
    @Test(
        arguments: [
            ("postgresql://", [:]),
            ("postgres://db", ["host": "db"]),
            (
                "postgresql://user:pw@host:5433/name",
                ["user": "user", "password": "pw", "host": "host", "port": "5433", "dbname": "name"]
            ),
            ("postgresql+psycopg2://u@h/d", ["user": "u", "host": "h", "dbname": "d"]),
            ("postgresql+asyncpg://u:p@h", ["user": "u", "password": "p", "host": "h"]),
            ("  postgresql://h/d\n", ["host": "h", "dbname": "d"]),
            ("postgresql://u:p%40%2F%3a@h", ["user": "u", "password": "p@/:", "host": "h"]),
            ("postgresql://u:p@ss@h", ["user": "u", "password": "p@ss", "host": "h"]),
            ("postgresql://u:@h", ["user": "u", "password": "", "host": "h"]),
            ("postgresql:///d?host=/run/pg&port=5433", ["dbname": "d", "host": "/run/pg", "port": "5433"]),
            ("postgresql://%2Frun%2Fpg/d", ["host": "/run/pg", "dbname": "d"]),
            ("postgresql://[::1]:5433/d", ["host": "::1", "port": "5433", "dbname": "d"]),
            (
                "postgresql://a:1,b:2/d?sslmode=require",
                ["host": "a,b", "port": "1,2", "dbname": "d", "sslmode": "require"]
            ),
            (
                "postgresql://h/d?application_name=x%20y",
                ["host": "h", "dbname": "d", "application_name": "x y"]
            ),
            ("host=h dbname=d", ["host": "h", "dbname": "d"]),
            (
                #"host = h password = 'a \'b\\ c' user=u\ v"#,
                ["host": "h", "password": #"a 'b\ c"#, "user": "u v"]
            ),
            ("host=h password=x://y", ["host": "h", "password": "x://y"]),
            ("host=h password=''", ["host": "h", "password": ""]),
        ] as [(String, [String: String])]
    )
    func `is read from a URL or from key=value text`(_ text: String, _ parameters: [String: String]) throws {
        #expect(try ConnectionTarget(parsing: text).parameters == parameters)
    }

    @Test(
        arguments: [
            ("", ConnectionTargetError.empty),
            (" \n", .empty),
            ("mysql://h/d", .unsupportedScheme),
            ("postgresqls://h/d", .unsupportedScheme),
            ("postgresql://h:x/d", .invalidPort),
            ("postgresql://h:0/d", .invalidPort),
            ("postgresql://h:65536/d", .invalidPort),
            ("postgresql://u:p%4@h", .malformedPercentEncoding),
            ("postgresql://u:p%zz@h", .malformedPercentEncoding),
            ("postgresql://u:p%00@h", .malformedPercentEncoding),
            ("postgresql://u:p%ff@h", .malformedPercentEncoding),
            ("postgresql://[::1/d", .malformedAddress),
            ("postgresql://[::1]x/d", .malformedAddress),
            ("postgresql://h/d?nonsense=1", .unknownParameter(position: 1)),
            ("postgresql://h/d?sslmode", .missingEquals(position: 1)),
            ("host=h nonsense=1", .unknownParameter(position: 2)),
            ("just-a-host", .missingEquals(position: 1)),
            ("host=h password='x", .unterminatedQuote),
        ] as [(String, ConnectionTargetError)]
    )
    func `is refused when malformed`(_ text: String, _ error: ConnectionTargetError) {
        #expect(throws: error) { try ConnectionTarget(parsing: text) }
    }

    @Test(arguments: [
        "postgresql://user:sesame@host:5433/d?sslmode=require",
        "host=h user=u password=sesame sslpassword=sesame",
        "postgresql://h/d?password=sesame", "host=/run/pg password=sesame",
    ])
    func `never shows its password`(_ text: String) throws {
        let target = try ConnectionTarget(parsing: text)
        var dumped = ""
        dump(target, to: &dumped)
        for shown in [target.masked, "\(target)", String(reflecting: target), dumped] {
            #expect(!shown.contains("sesame"))
        }
        #expect(target.unmaskedURL.contains("sesame"))
        #expect(try ConnectionTarget(parsing: target.unmaskedURL) == target)
    }

    @Test func `is masked readably`() throws {
        let target = try ConnectionTarget(parsing: "postgresql://u:p@h:1/d?sslmode=require")
        #expect(target.masked == "postgresql://u:***@h:1/d")
        #expect(target.with(database: "e").masked == "postgresql://u:***@h:1/e")
        let socket = ConnectionTarget(socketDirectory: "/run/pg", user: "u", database: "d")
        #expect(socket.masked == "postgresql://u@/d?host=/run/pg&port=5432")
    }

    @Test(
        arguments: [
            (
                "x failed: FATAL:  28P01: password authentication failed", PostgresError.Kind.authentication,
                "28P01"
            ),
            ("x failed: FATAL:  3D000: database \"d\" does not exist", .missingDatabase, "3D000"),
            ("x failed: FATAL:  57P03: the database system is starting up", .unreachable, "57P03"),
            ("x failed: FATAL:  53300: sorry, too many clients already", .tooManyConnections, "53300"),
            ("x failed: Connection refused\n\tIs the server running?", .unreachable, nil),
        ] as [(String, PostgresError.Kind, String?)]
    )
    func `tells why it could not be reached`(_ text: String, _ kind: PostgresError.Kind, _ state: String?) {
        let error = Dialer.failure(message: text, needsPassword: false)
        #expect(error.kind == kind)
        #expect(error.sqlState == state)
        #expect(!error.message.contains("\n"))
    }

    @Test(arguments: [
        ("08006", PostgresError.Kind.transient), ("25006", .transient), ("40001", .transient),
        ("40P01", .transient),
        ("53100", .transient), ("55P03", .transient), ("57P01", .transient), ("58030", .transient),
        ("XX000", .transient), ("57014", .cancelled), ("22001", .refusedData), ("22P02", .refusedData),
        ("23505", .refusedData), ("54000", .refusedData), ("28000", .authentication),
        ("3D000", .missingDatabase),
        ("42P01", .programming), ("25P02", .programming), ("0A000", .programming), ("P0001", .programming),
        ("", .programming),
    ])
    func `classifies SQLSTATE by class`(_ state: String, _ kind: PostgresError.Kind) {
        #expect(PostgresError.Kind(sqlState: state) == kind)
    }
}
