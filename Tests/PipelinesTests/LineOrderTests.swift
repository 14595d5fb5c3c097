import Core
import FeatureTestKit
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Pipelines

/// Two Weirs tell of one pipeline and of one worker; whoever loads their journals does so in any order.
@Suite("Lines of two Weirs", .serialized)
struct LineOrderTests {
    private static let journals = [
        UUID128("00000000-0000-0000-0000-00000000000a"), UUID128("00000000-0000-0000-0000-00000000000b"),
    ].compactMap(\.self)

    private struct Said: Sendable {
        let journal: UUID128
        let line: JournalLine
    }

    /// A line that the Weir `weir` has taken that many seconds after the first.
    private static func said(_ second: Int, _ weir: Int, _ kind: PipelinesProjection.Kind, _ body: String)
        -> Said
    {
        Said(
            journal: journals[weir],
            line: JournalLine(
                seq: Int64(second + 1),
                at: Timestamp(microseconds: 1_700_000_000_000_000).adding(seconds: second),
                kind: kind.rawValue,
                body: Array(body.utf8)
            )
        )
    }

    private static func stage(
        _ second: Int,
        _ weir: Int,
        _ kind: PipelinesProjection.Kind,
        _ stage: Int,
        _ rest: String = ""
    ) -> Said {
        let body = #"{"stage":\#(stage),"application":"orders"\#(rest.isEmpty ? "" : ",\(rest)")}"#
        return said(second, weir, kind, body)
    }

    private static let stages = #"""
        {"id":10,"span":"00f067aa0ba902b0","stageName":"a","input":"in","options":{"maxRetries":2,"retryInterval":5}},
        {"id":11,"span":"00f067aa0ba902b1","stageName":"b"},
        {"id":12,"span":"00f067aa0ba902b2","stageName":"c"}
        """#
    private static let create = #"""
        {"id":1,"application_id":7,"application":"orders","created_at":"2023-11-14T22:13:20Z","trace":"t",
        "w3c_trace":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","name":"p","stages":[\#(stages)],
        "pipelineKeywords":[{"key":"k","value":"v"}],"pipelineContextItems":[{"key":"order","value":"17"},{"key":"who","value":"me"}]}
        """#

    /// Retries, a result that comes twice, a skip, a rerun of all, an attempt that nobody took up, values that are set again.
    private static let pipeline: [Said] = [
        said(0, 0, .create, create),
        stage(1, 0, .dispatch, 10), stage(2, 1, .status, 10, #""status":"Running""#),
        stage(
            3,
            0,
            .result,
            10,
            #""isSuccess":false,"result":"no","logs":[{"message":"bad","logLevel":"ERROR"}]"#
        ),
        stage(3, 1, .result, 10, #""isSuccess":false,"result":"twice""#),
        stage(9, 1, .status, 10, #""status":"Running""#),
        stage(
            12,
            0,
            .result,
            10,
            #""isSuccess":true,"result":"yes","contextItems":[{"key":"order","value":"18"},{"key":"new","value":"1"}]"#
        ),
        stage(13, 1, .dispatch, 11),
        said(
            14,
            0,
            .expire,
            #"{"stage":11,"application":"","operator":true,"begun_at":"2023-11-14T22:13:33Z"}"#
        ),
        said(15, 0, .skip, #"{"stage":12,"application":"","operator":true}"#),
        said(16, 1, .rerun, #"{"stage":11,"application":"","operator":true,"later":true}"#),
        stage(17, 0, .status, 11, #""status":"Running""#),
        stage(18, 1, .result, 11, #""isSuccess":true,"result":"b""#),
        stage(19, 1, .status, 12, #""status":"Running""#),
        stage(
            20,
            0,
            .result,
            12,
            #""isSuccess":true,"contextItems":[{"key":"new","value":"2"},{"key":"order","value":"19"}]"#
        ),
        stage(21, 1, .result, 12, #""isSuccess":false,"result":"too late""#),
        said(22, 0, .status, #"{"stage":10,"application":"others","status":"Failed"}"#),
    ]

    private static func worker(_ second: Int, _ weir: Int, _ rest: String, _ id: Int = 5) -> Said {
        let kind = rest.contains(#""word":"events""#) ? PipelinesProjection.Kind.workerEvents : .worker
        return said(second, weir, kind, #"{"worker":\#(id),\#(rest)}"#)
    }

    private static func bootstrap(_ session: String, _ name: String) -> String {
        #""word":"bootstrap","application_id":0,"application":"default","session":"\#(session)","expires_at":"2027-01-01T00:00:00Z","workerName":"\#(name)","instanceId":"i","metadata":{"n":"\#(name)"}"#
    }

    /// Two sessions, gauges that only some heartbeats have, a silence that was noticed too early, and one that was none.
    private static let worker: [Said] = [
        worker(0, 0, bootstrap("aa", "old")),
        worker(1, 0, #""word":"heartbeat","state":"ready","cpuPercent":10,"jobsProcessed":1"#),
        worker(2, 1, #""word":"heartbeat","memoryMb":20,"metadata":{"m":1}"#),
        worker(3, 0, #""word":"events","events":[{"level":"ERROR","eventType":"boom","message":"m"}]"#),
        worker(5, 1, bootstrap("bb", "new")),
        worker(6, 0, #""word":"heartbeat","state":"ready","jobsProcessed":2,"lastError":"e""#),
        worker(7, 1, #""word":"heartbeat","state":"degraded","cpuPercent":30"#),
        worker(50, 0, #""word":"lost","since":"2023-11-14T22:13:26Z""#),
        worker(60, 1, #""word":"lost","since":"2023-11-14T22:13:27Z""#),
        worker(61, 0, #""word":"lost","since":"2023-11-14T22:13:27Z""#),
    ]

    private static let rows = [
        "SELECT id, name, status, is_completed, was_started, created_at, finished_at, first_items FROM pipeline",
        """
        SELECT s.id, status, started_at, finished_at, is_skipped, retry_attempt, next_retry_at, i.input, i.output
        FROM stage s LEFT JOIN stage_io i ON i.stage_id = s.id ORDER BY s.id
        """,
        "SELECT stage_id, log, log_level, created_at FROM stage_log ORDER BY stage_id, created_at, id",
        "SELECT * FROM stage_retry ORDER BY 1, 2, 4",
        "SELECT key, value, value_type, place, set_at FROM pipeline_context_item ORDER BY place, key",
        "SELECT stage_id, at, journal, seq, kind, pipeline_id FROM stage_report ORDER BY pipeline_id, at, journal, seq",
        "SELECT w.*, '' FROM worker_client w",
        "SELECT ts, level, event_type FROM worker_event WHERE event_type <> 'worker.state_changed' ORDER BY ts, event_type",
        "SELECT count(*) FROM worker_report",
    ]

    private static let clear = """
        TRUNCATE pipeline, stage_report, worker_client, worker_event, worker_report, keyword, application CASCADE;
        INSERT INTO application VALUES (0, 'default')
        """

    /// Applies lines in batches of at most `most`.
    private func apply(
        _ lines: [Said],
        inBatchesOf most: Int,
        _ limits: StageReportStore.Limits = .init(),
        on connection: Connection
    ) throws {
        let projection = PipelinesProjection(limits: limits)
        for start in stride(from: 0, to: lines.count, by: most) {
            try connection.transaction {
                var elements = try lines[start..<min(start + most, lines.count)].flatMap {
                    try projection.decode($0.line, journal: $0.journal)
                }
                try projection.apply(stage: 0, to: &elements, on: connection)
            }
        }
    }

    private func shown(_ connection: Connection) throws -> [String] {
        try Self.rows.flatMap { sql in
            try connection.execute(Statement(sql: "SELECT to_jsonb(x)::text AS row FROM (\(sql)) x")).map {
                try $0.text("row")
            }
        }
    }

    @Test func `leave the same rows in every order, alone or together`() async throws {
        let database = try TemporaryDatabase.withSchema()
        let pool = Pool(database.target)
        try await pool.withConnection { connection in
            var random = SplitMix(state: 7)
            let lines = Self.pipeline + Self.worker
            try apply(lines, inBatchesOf: 1, on: connection)
            let expected = try shown(connection)
            #expect(
                expected.contains {
                    $0.contains(#""status": "Completed""#) && $0.contains(#""output": "yes""#)
                }
            )
            for turn in 1...60 {
                try connection.executeScript(Self.clear)
                let shuffled = lines.shuffled(using: &random)
                try apply(shuffled, inBatchesOf: [1, 3, 100][turn % 3], on: connection)
                let got = try shown(connection)
                #expect(got == expected, "turn \(turn): \(shuffled.map { ($0.line.seq, $0.line.kind) })")
                guard got == expected else { return }
            }
        }
        await pool.close()
    }

    @Test func `are those of the contract when they come in their order`() async throws {
        let database = try TemporaryDatabase.withSchema()
        let pool = Pool(database.target)
        try await pool.withConnection { try apply(Self.pipeline + Self.worker, inBatchesOf: 100, on: $0) }
        await pool.close()
        #expect(
            try database.rows("SELECT id, status, retry_attempt, is_skipped FROM stage ORDER BY id")
                == ["10|Completed|1|f", "11|Completed|0|f", "12|Completed|0|f"]
        )
        #expect(
            try database.rows("SELECT key, value FROM pipeline_context_item ORDER BY place, key") == [
                "order|19", "who|me", "new|2",
            ]
        )
        #expect(
            try database.rows("SELECT stage_id, attempt, started_at, failed_at FROM stage_retry") == [
                "10|1|2023-11-14 22:13:21+00|2023-11-14 22:13:23+00"
            ]
        )
        #expect(
            try database.rows(
                """
                SELECT worker_name, state, cpu_percent, memory_mb IS NULL, jobs_processed, last_error, metadata, lost_at
                FROM worker_client
                """
            ) == [#"new|degraded|30|t|2|e|{"n": "new"}|2023-11-14 22:14:20+00"#]
        )
    }

    @Test func `tell of what a late line makes, and of nothing twice`() async throws {
        let database = try TemporaryDatabase.withSchema()
        try database.execute("INSERT INTO outbox_consumer (name) VALUES ('test')")
        let pool = Pool(database.target)
        let late = [0, 3, 1, 2].map { Self.pipeline[$0] }
        try await pool.withConnection { try apply(late, inBatchesOf: 1, on: $0) }
        #expect(
            try database.rows("SELECT status, retry_attempt FROM stage WHERE id = 10") == ["RetryScheduled|1"]
        )
        let success = Self.pipeline.filter { [9, 12].contains($0.line.seq - 1) }
        try await pool.withConnection { try apply(success.reversed(), inBatchesOf: 1, on: $0) }
        #expect(
            try database.rows("SELECT kind, count(*) FROM outbox_event GROUP BY 1 ORDER BY 1") == [
                "pipeline.started|1", "stage.completed|1",
            ]
        )
        await pool.close()
    }

    /// A failure that is loaded behind the success which it comes before; two lines have been kept by then.
    @Test(arguments: [(2, 0, "RetryScheduled"), (1, 0, "Completed"), (2, -1, "Completed")])
    func `of a pipeline with more than a number or bytes of them count as they are loaded`(
        lines: Int,
        room: Int,
        status: String
    ) async throws {
        let database = try TemporaryDatabase.withSchema()
        let pool = Pool(database.target)
        let kept = [
            Self.pipeline[0], Self.stage(2, 1, .status, 10, #""status":"Running""#),
            Self.stage(12, 0, .result, 10, #""isSuccess":true,"result":"yes""#),
        ]
        try await pool.withConnection { try apply(kept, inBatchesOf: 1, on: $0) }
        let bytes = try database.rows("SELECT sum(octet_length(body)) FROM stage_report").first.flatMap {
            Int($0)
        }
        let limits = StageReportStore.Limits(lines: lines, bytes: try #require(bytes) + room)
        let late = Self.stage(3, 0, .result, 10, #""isSuccess":false,"result":"no""#)
        try await pool.withConnection { try apply([late], inBatchesOf: 1, limits, on: $0) }
        #expect(try database.rows("SELECT status FROM stage WHERE id = 10") == [status])
        await pool.close()
    }

    @Test func `that name a stage long before it was made do not count`() async throws {
        let database = try TemporaryDatabase.withSchema()
        let pool = Pool(database.target)
        let guess = Self.stage(-601, 1, .status, 10, #""status":"Completed""#)
        let skewed = Self.stage(-600, 1, .status, 11, #""status":"Completed""#)
        try await pool.withConnection {
            try apply([guess, skewed, Self.pipeline[0]], inBatchesOf: 1, on: $0)
        }
        #expect(
            try database.rows("SELECT id, status FROM stage ORDER BY id") == [
                "10|NotStarted", "11|Completed", "12|NotStarted",
            ]
        )
        await pool.close()
    }

    @Test func `about a worker that two Weirs have begun at once are about one worker`() async throws {
        let database = try TemporaryDatabase.withSchema()
        let pool = Pool(database.target)
        let beat = #""word":"heartbeat","state":"ready""#
        let lines = [
            Self.worker(2, 0, beat, 6), Self.worker(0, 0, Self.bootstrap("aa", "w")),
            Self.worker(1, 1, Self.bootstrap("bb", "w"), 6),
            Self.worker(3, 1, #""word":"heartbeat","inFlightJobs":4"#, 6),
        ]
        try await pool.withConnection { try apply(lines, inBatchesOf: 1, on: $0) }
        #expect(
            try database.rows(
                "SELECT id, state, in_flight_jobs, encode(session_hash, 'hex') FROM worker_client"
            )
                == ["5|ready|4|bb"]
        )
        #expect(try database.rows("SELECT * FROM worker_alias") == ["6|5"])
        await pool.close()
    }

    @Test func `about a pipeline that is older than its reports count as they come`() async throws {
        let database = try TemporaryDatabase.withSchema()
        let pool = Pool(database.target)
        try await pool.withConnection { connection in
            try apply([Self.pipeline[0]], inBatchesOf: 1, on: connection)
            try connection.execute("UPDATE pipeline SET first_items = NULL")
            try apply([Self.pipeline[5], Self.pipeline[1]], inBatchesOf: 1, on: connection)
        }
        #expect(try database.rows("SELECT status FROM stage WHERE id = 10") == ["Running"])
        #expect(try database.rows("SELECT count(*) FROM stage_report") == ["0"])
        await pool.close()
    }
}

/// The same numbers every time.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
