import API
import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Pipelines

@Suite("Lines about pipelines", .serialized)
struct CommutationTests {
    private static func line(_ seq: Int64, _ kind: PipelinesProjection.Kind, _ body: String) -> JournalLine {
        JournalLine(
            seq: seq,
            at: Timestamp(microseconds: 1_700_000_000_000_000 + seq),
            kind: kind.rawValue,
            body: Array(body.utf8)
        )
    }

    private static func create(_ seq: Int64, _ id: Int64) -> JournalLine {
        line(
            seq,
            .create,
            """
            {"id":\(id),"application_id":7,"application":"orders","created_at":"2023-11-14T22:13:20Z","trace":"t","w3c_trace":"\(String(repeating: "a", count: 32))","name":"p\(id)","stages":[{"id":\(id * 10),"span":"00f067aa0ba902b7","stageName":"a"},{"id":\(id * 10 + 1),"span":"00f067aa0ba902b8","stageName":"b"}]}
            """
        )
    }

    /// Two Weirs tell of the stages of two pipelines.
    private static let lines: [JournalLine] = [
        line(10, .status, #"{"stage":10,"application":"orders","status":"Failed"}"#),
        line(11, .status, #"{"stage":11,"application":"orders","status":"Failed"}"#),
        line(12, .status, #"{"stage":20,"application":"orders","status":"Completed"}"#),
        line(13, .skip, #"{"stage":21,"application":"","operator":true}"#),
    ]

    private func apply(_ lines: [JournalLine], _ database: TemporaryDatabase, at once: Bool) async throws {
        let pool = Pool(database.target)
        try await pool.withConnection { connection in
            let projection = PipelinesProjection()
            for part in once ? [lines] : lines.map({ [$0] }) {
                try connection.transaction {
                    var elements = try part.flatMap { try projection.decode($0, journal: .random()) }
                    try projection.apply(stage: 0, to: &elements, on: connection)
                }
            }
        }
        await pool.close()
    }

    private static let rows = """
        SELECT p.id, p.status, p.is_completed, p.finished_at, s.id, s.status, s.started_at, s.finished_at
        FROM pipeline p JOIN stage s ON s.pipeline_id = p.id ORDER BY s.id
        """

    @Test func `leave the same rows in any order, alone or together, and tell of them once`() async throws {
        let database = try TemporaryDatabase.withSchema()
        try database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        try await apply([Self.create(1, 1), Self.create(2, 2)], database, at: true)
        try await apply(Self.lines, database, at: true)
        let expected = try database.rows(Self.rows)
        #expect(expected.count == 4)
        #expect(
            try database.rows("SELECT kind, subject, count(*) FROM outbox_event GROUP BY 1, 2 ORDER BY 1, 2")
                == [
                    "pipeline.failed|1|1", "pipeline.started|1|1", "pipeline.started|2|1",
                    "pipeline.succeeded|2|1",
                    "stage.completed|2|1", "stage.failed|1|2", "stage.skipped|2|1",
                ]
        )
        for order in [[3, 1, 0, 2], [1, 0, 3, 2], [2, 3, 1, 0]] {
            try database.execute("DELETE FROM pipeline")
            try await apply([Self.create(1, 1), Self.create(2, 2)], database, at: false)
            try await apply(order.map { Self.lines[$0] }, database, at: order[0] == 1)
            #expect(try database.rows(Self.rows) == expected, "\(order)")
        }
    }

    @Test func `move the sequences past the numbers that they hold`() async throws {
        let database = try TemporaryDatabase.withSchema()
        try await apply([Self.create(1, 41)], database, at: true)
        let next = "SELECT nextval('pipeline_id'), nextval('stage_id'), nextval('application_id')"
        #expect(try database.rows(next) == ["42|412|8"])
    }

    @Test func `of a worker notice its silence once, and its return`() async throws {
        let database = try TemporaryDatabase.withSchema()
        try database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        let since = Timestamp(microseconds: 1_700_000_000_000_001).iso8601()
        let lost = #"{"worker":5,"word":"lost","since":"\#(since)"}"#
        let lines = [
            Self.line(
                1,
                .worker,
                #"{"worker":5,"word":"bootstrap","application_id":0,"application":"default","session":"00","expires_at":"2027-01-01T00:00:00Z","workerName":"w","instanceId":"i"}"#
            ),
            Self.line(2, .worker, lost), Self.line(3, .worker, lost),
            Self.line(4, .worker, #"{"worker":5,"word":"heartbeat","state":"ready"}"#),
            Self.line(5, .worker, lost),
            Self.line(6, .worker, #"{"worker":5,"word":"heartbeat","state":"error","lastError":"disk"}"#),
            Self.line(7, .worker, #"{"worker":5,"word":"shutdown","reason":"done"}"#),
        ]
        try await apply(lines, database, at: false)
        #expect(
            try database.rows("SELECT kind FROM outbox_event ORDER BY id") == [
                "worker.started", "worker.heartbeat_lost", "worker.back", "worker.failed", "worker.stopped",
            ]
        )
        #expect(try database.rows("SELECT state, lost_at IS NULL FROM worker_client") == ["stopped|t"])
    }
}
