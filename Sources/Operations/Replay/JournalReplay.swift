package import Ingest
import Journal
import Postgres
package import WeirApp

/// Implements `weir replay`: loads journals into an empty database.
package struct JournalReplay: Sendable {
    private let directories: [String]
    private let database: DatabaseSession
    private let streams: [JournalStream]

    /// Makes a replay of the journals in these data directories.
    package init(
        _ directories: [String],
        _ database: DatabaseSession,
        _ features: [Feature] = Feature.all
    ) {
        self.directories = directories
        self.database = database
        streams = features.flatMap(\.streams)
    }

    /// Migrates, replays, and returns a report; `progress` gets the numbers of done and of all lines.
    package func run(progress: @escaping @Sendable (Int64, Int64) -> Void) async throws -> [String] {
        let (directories, streams) = (directories, streams)
        let session = database.session
        var unhurried = session
        unhurried.statementTimeout = nil
        unhurried.parameters["synchronous_commit"] = "off"
        let connection = DedicatedConnection(database.target, unhurried, label: "weir.replay")
        defer { connection.close() }
        let done = try await connection.withConnection { connection in
            if case .newer(let found, let known) = try Schema.migrator.migrate(connection) {
                throw StartError("the database's schema is version \(found), this Weir knows up to \(known)")
            }
            return try Replay(streams).run(directories, codec: .gzip, on: connection) {
                progress($0.lines, $0.linesTotal)
            }
        }
        var lines = ["\(done.lines) lines replayed, \(done.deadLetters) dead letters"]
        lines += done.damage.map { "damage: \($0)" }
        return lines
    }
}
