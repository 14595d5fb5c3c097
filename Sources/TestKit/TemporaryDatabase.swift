import Dispatch
import Glibc
package import Postgres
import Synchronization

/// A fresh database in the shared cluster, dropped with its last reference.
package final class TemporaryDatabase: Sendable {
    /// The target of the database, as a superuser.
    package let target: ConnectionTarget
    /// The database's name.
    package let name: String
    private let cluster: TemporaryCluster

    private static let count = Atomic<Int>(0)
    /// Lets only one caller prepare a template. A queue, since a `Mutex` should not be held this long.
    private static let preparation = DispatchQueue(label: "weir.test.templates")
    private static let templates = Mutex<[String: String]>([:])

    private init(cluster: TemporaryCluster, name: String) {
        self.cluster = cluster
        self.name = name
        target = cluster.target.with(database: name)
    }

    deinit {
        // Best effort: the cluster is removed with the process.
        try? Self.run(cluster, "DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    /// Makes an empty database. Blocks for some tens of milliseconds.
    package static func make(in cluster: TemporaryCluster? = nil) throws -> TemporaryDatabase {
        let cluster = try cluster ?? TemporaryCluster.shared()
        return try make(in: cluster, template: "template0")
    }

    /// Makes a copy of a database that `prepare` filled once for this process, for example with migrations.
    ///
    /// `key` identifies the template.
    package static func make(
        preparedAs key: String,
        _ prepare: (Connection) throws -> Void
    ) throws -> TemporaryDatabase {
        let cluster = try TemporaryCluster.shared()
        let template = try preparation.sync {
            if let template = templates.withLock({ $0[key] }) { return template }
            let template = nextName()
            try run(cluster, "CREATE DATABASE \(template) TEMPLATE template0")
            try Connection.withTemporary(cluster.target.with(database: template)) { try prepare($0) }
            templates.withLock { $0[key] = template }
            return template
        }
        return try make(in: cluster, template: template)
    }

    private static func make(in cluster: TemporaryCluster, template: String) throws -> TemporaryDatabase {
        let name = nextName()
        try run(cluster, "CREATE DATABASE \(name) TEMPLATE \(template) ENCODING 'UTF8'")
        return TemporaryDatabase(cluster: cluster, name: name)
    }

    private static func nextName() -> String {
        "weir_test_\(getpid())_\(count.add(1, ordering: .relaxed).newValue)"
    }

    private static func run(_ cluster: TemporaryCluster, _ sql: String) throws {
        try Connection.withTemporary(cluster.target) { _ = try $0.executeScript(sql) }
    }
}
