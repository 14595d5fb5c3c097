import Foundation
import Postgres
import PostgresCluster
import TestKit
import Testing

/// A PostgreSQL of one's own, used with what README.md makes: a role that may log in and make databases, and a password.
@Suite(.serialized) struct `An operator with a PostgreSQL of his own` {
    /// A server that asks the role `app` for its password, and the environment in which Weir finds it.
    private final class Place {
        static let password = "p@ss:/%w#rd"
        let directory = TemporaryDirectory()
        let environment: [String: String]
        private let cluster: PrivateCluster
        private let owner: ConnectionTarget

        init() throws {
            try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
            let path = directory.path + "/server"
            cluster = PrivateCluster(PrivateClusterConfiguration(directory: path, isDurable: false))
            owner = try cluster.start()
            environment = [
                "DATABASE_URL": owner.with("user", "app").with(database: "app").unmaskedURL,
                "PGPASSWORD": Self.password, "WEIR_DATA_DIR": directory.path + "/weir",
                "WEIR_BACKUP_MIN_FREE": "0",
            ]
            // What `createuser --pwprompt --createdb app && createdb --owner app app` does.
            try run("CREATE ROLE app LOGIN CREATEDB PASSWORD '\(Self.password)'")
            try run("CREATE DATABASE app OWNER app")
            let access = URL(filePath: path + "/data/pg_hba.conf")
            let others = try String(contentsOf: access, encoding: .utf8)
            try ("local all app scram-sha-256\n" + others).write(
                to: access,
                atomically: false,
                encoding: .utf8
            )
            try run("SELECT pg_reload_conf()")
        }

        deinit { try? cluster.stop() }

        func run(_ sql: String) throws {
            try Connection.withTemporary(owner) { _ = try $0.executeScript(sql) }
        }

        func weir(_ line: String, without name: String = "") async -> Shell.Outcome {
            await Shell(environment.filter { $0.key != name }).run("weir \(line)")
        }
    }

    @Test func `makes copies, tries them and puts them back with those rights and any password`() async throws
    {
        let place = try Place()
        let away = await place.weir("migrate", without: "PGPASSWORD")
        #expect(away.exitCode == 78 && away.output.contains("password"), "\(away.output)")
        #expect(await place.weir("migrate").exitCode == 0)
        let backup = await place.weir("backup --verify full --json")
        #expect(backup.exitCode == 0, "\(backup.output)")
        let document = try JSONSerialization.jsonObject(with: Data(backup.output.utf8)) as? [String: Any]
        let copy = try #require(document?["path"] as? String)
        for line in ["restore \(copy) --yes", "restore --rollback --yes", "restore --discard --yes"] {
            let outcome = await place.weir(line)
            #expect(outcome.exitCode == 0, "\(line): \(outcome.output)")
            #expect(!outcome.output.contains(Place.password))
        }
    }

    @Test func `is told which right is missing`() async throws {
        let place = try Place()
        try place.run("ALTER ROLE app NOCREATEDB")
        #expect(await place.weir("migrate").exitCode == 0)
        let copy = await place.weir("backup --json")
        let document = try JSONSerialization.jsonObject(with: Data(copy.output.utf8)) as? [String: Any]
        let path = try #require(document?["path"] as? String)
        let refused = await place.weir("restore \(path) --yes")
        #expect(refused.exitCode == 1)
        #expect(refused.output.contains(#"ALTER ROLE "app" CREATEDB"#), "\(refused.output)")
    }
}
