import API
import Core
import FeatureTestKit
import HTTP
import Logging
import Migrations
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Ingest

@Suite struct `A read with a replica` {
    private static let journal = UUID128.random()

    /// A reader over two databases that say their own names, five acknowledged lines, all applied by the loader.
    private struct Scene {
        let first: TemporaryDatabase
        let second: TemporaryDatabase
        let log = LogRecord()
        let replica: ReadReplica
        let reader: StoreReader

        init(
            replicaAt position: Int64,
            patience: Duration = .seconds(30),
            reaching target: (ConnectionTarget) -> ConnectionTarget = { $0 },
            session: SessionSettings = SessionSettings()
        ) throws {
            first = try Self.makeDatabase(at: 5)
            second = try Self.makeDatabase(at: position)
            let progress = StreamProgress(stream: "notes")
            progress.turned(.running)
            progress.applied(through: 5, at: nil, lines: 5, deadLetters: 0)
            replica = ReadReplica(
                pool: Pool(target(second.target), PoolConfiguration(session: session)),
                source: { ReadReplica.Source(id: journal, durableSeq: 5) },
                logger: log.logger
            )
            reader = StoreReader(
                pool: Pool(first.target),
                gate: ReadGate(durableSeq: { 5 }, progress: progress, patience: patience),
                replica: replica,
                logger: log.logger
            )
        }

        private static func makeDatabase(at position: Int64) throws -> TemporaryDatabase {
            let database = try TemporaryDatabase.withSchema()
            try move(to: position, database)
            return database
        }

        static func move(to position: Int64, _ database: TemporaryDatabase) throws {
            try Connection.withTemporary(database.target) {
                try PositionStore.upsert(
                    PositionStore.Position(seq: position, epoch: 1),
                    journal: journal,
                    stream: "notes",
                    on: $0
                )
            }
        }

        func answer(_ sql: String = "SELECT current_database()::text AS name") async -> Answer {
            let response = await reader.answer(.detail) { connection in
                let name = try connection.execute(Statement(sql: sql), []).first?.text("name") ?? ""
                return Response.text(name)
            }
            guard case .bytes(let bytes) = response.body else { return Answer(status: 0, text: "", lag: nil) }
            return Answer(
                status: response.status.code,
                text: String(decoding: bytes, as: UTF8.self),
                lag: response.fields["Weir-Lag-Lines"]
            )
        }
    }

    private struct Answer: Equatable {
        let status: Int
        let text: String
        let lag: String?
    }

    @Test func `is answered by the replica when that shows all that was acknowledged`() async throws {
        let scene = try Scene(replicaAt: 5)
        #expect(await scene.answer() == Answer(status: 200, text: scene.second.name, lag: nil))
    }

    @Test func `waits for the replica to replay what the loader has applied`() async throws {
        let scene = try Scene(replicaAt: 3)
        async let answer = scene.answer()
        try await Task.sleep(for: .milliseconds(50))
        try Scene.move(to: 5, scene.second)
        #expect(await answer == Answer(status: 200, text: scene.second.name, lag: nil))
    }

    @Test func `has a bound, and says how many lines it does not show`() async throws {
        let scene = try Scene(replicaAt: 3, patience: .milliseconds(20))
        #expect(await scene.answer() == Answer(status: 200, text: scene.second.name, lag: "2"))
    }

    @Test func `goes to the first PostgreSQL while the replica is away, and logs that once`() async throws {
        let scene = try Scene(replicaAt: 5, reaching: { $0.with(database: "no_such_database") })
        for _ in 1...3 {
            #expect(await scene.answer() == Answer(status: 200, text: scene.first.name, lag: nil))
        }
        #expect(scene.log.levels == [.warning])
    }

    @Test func `goes to the first PostgreSQL when the replica lacks what it asks for`() async throws {
        let scene = try Scene(replicaAt: 5)
        try Connection.withTemporary(scene.first.target) {
            _ = try $0.executeScript("CREATE VIEW fresh AS SELECT 'made'::text AS name")
        }
        #expect(await scene.answer("SELECT name FROM fresh").text == "made")
        #expect(await scene.answer().text == scene.second.name)
        #expect(scene.log.levels == [.warning, .notice])
    }

    @Test func `does not burden the first PostgreSQL with a question that takes too long`() async throws {
        let session = SessionSettings(statementTimeout: .milliseconds(50))
        let scene = try Scene(replicaAt: 5, session: session)
        let answer = await scene.answer("SELECT pg_sleep(20)::text AS name")
        #expect(answer.status == 503)
        #expect(scene.log.levels.isEmpty)
    }
}

/// The levels of the lines that were logged.
private final class LogRecord: Sendable {
    private struct Handler: LogHandler {
        let record: LogRecord
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record.entries.withLock { $0.append(event.level) }
        }
    }

    // Guards the levels.
    private let entries = Mutex<[Logger.Level]>([])

    var levels: [Logger.Level] { entries.withLock { $0 } }
    var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }
}
