import Foundation
import Postgres
import PostgresCluster
import TestKit
import Testing

@testable import WeirApp

/// `schema.sql` is what the steps of `migrations/` lead to, so that the schema can be read in one place.
@Suite struct `The schema` {
    private static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../schema.sql").standardized
    private static let head = """
        -- The schema that migrations/ leads to, as pg_dump writes it. Never edited by hand: scripts/schema makes it.


        """

    /// What pg_dump writes, without what depends on its version and on the moment.
    private static func dump(_ database: TemporaryDatabase) throws -> String {
        let version = try Connection.withTemporary(database.target) { connection in
            try connection.execute("SELECT current_setting('server_version_num')::int / 10000 AS major", [])[
                0
            ].int("major")
        }
        let path = NSTemporaryDirectory() + "weir-schema-\(UUID().uuidString).sql"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let outcome = try ServerTools.find(explicit: nil, serverMajor: version).dump(
            database.target,
            ["--schema-only", "--no-owner", "--no-privileges", "--schema=public", "--file=\(path)"]
        )
        try #require(outcome.status == 0, "\(outcome)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var lines: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let isNoise = [
                "--", "SET ", "SELECT pg_catalog.set_config", "\\", "CREATE SCHEMA ", "COMMENT ON SCHEMA ",
            ]
            .contains { line.hasPrefix($0) }
            if isNoise || (line.isEmpty && lines.last?.isEmpty != false) { continue }
            lines.append(line)
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func `is written down as it is`() throws {
        let database = try TemporaryDatabase.make()
        try Connection.withTemporary(database.target) { _ = try Schema.migrator.migrate($0) }
        let schema = Self.head + (try Self.dump(database))
        if ProcessInfo.processInfo.environment["WEIR_WRITE_SCHEMA"] == "1" {
            try schema.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let stored = try String(contentsOf: Self.file, encoding: .utf8)
        #expect(stored == schema, "scripts/schema writes schema.sql anew")
    }
}
