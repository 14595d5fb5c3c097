import Core
import Postgres
import TestKit
import Testing

@testable import Ingest

@Suite struct `A retention sweep` {
    private let now = Timestamp(iso8601: "2026-03-01T12:00:00Z") ?? .epoch

    @Test func `deletes batch after batch until nothing is left`() throws {
        let harness = try IngestHarness()
        try harness.execute(
            """
            INSERT INTO dead_letter
                (journal_id, stream, seq, element, stage, kind, received_at, sql_state, reason, body, state, decided_at)
            SELECT gen_random_uuid(), 's', n, 0, 0, 'k/1', now(), '22000', 'r', 'b',
                   CASE WHEN n % 2 = 0 THEN 'dropped' ELSE 'waiting' END,
                   timestamptz '2026-01-01' + n * interval '1 day'
            FROM generate_series(1, 100) n
            """
        )
        var steps: [Int] = []
        let sweep = RetentionSweep(.decidedDeadLetters, before: now, batchSize: 10)
        let outcome = try Connection.withTemporary(harness.target) { connection in
            try sweep.run(on: connection) { steps.append($0) }
        }
        #expect(outcome == RetentionSweep.Outcome(deleted: 29, batches: 3, isComplete: true))
        #expect(steps == [10, 20, 29])
        let left = "SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FROM dead_letter"
        #expect(try harness.rows(left) == ["50|71"])
    }

    @Test func `ends after a batch when its time is over`() throws {
        let rows = EndlessRows()
        let harness = try IngestHarness()
        let outcome = try Connection.withTemporary(harness.target) { connection in
            try RetentionSweep(rows, before: now, batchSize: 7).run(on: connection, for: .zero)
        }
        #expect(outcome == RetentionSweep.Outcome(deleted: 7, batches: 1, isComplete: false))
    }

    /// Signals 1 to 3 are older than the limit; 4 and 5 are taken by some; the last is new to one consumer. Transaction 4
    /// may be one that was open when 5 was taken.
    @Test(arguments: [("", ["5", "6"]), (", ('slow/4', '4', 0)", ["4", "5", "6"])])
    func `deletes outbox events that all have taken, and those that are too old for anybody`(
        gap: String,
        left: [String]
    ) throws {
        let harness = try IngestHarness()
        try harness.execute(
            """
            INSERT INTO outbox_event (xid, kind, subject, at, detail)
            SELECT n::text::xid8, 'run.failed', n::text,
                   timestamptz '2026-03-01' + CASE WHEN n <= 3 THEN -40 ELSE n END * interval '1 day', '{}'
            FROM generate_series(1, 6) n;
            INSERT INTO outbox_consumer (name, last_xid, last_id) VALUES ('quick', '6', 100), ('slow', '4', 100)\(gap);
            """
        )
        let outcome = try Connection.withTemporary(harness.target) { connection in
            try RetentionSweep(SpentOutboxEvents(), before: now - SpentOutboxEvents.keep, batchSize: 2).run(
                on: connection
            )
        }
        #expect(outcome.deleted == 6 - left.count)
        #expect(try harness.rows("SELECT subject FROM outbox_event ORDER BY id") == left)
    }

    @Test func `makes a day's partition again that another Weir has dropped`() throws {
        let harness = try IngestHarness()
        let partitions = DayPartitions(table: "telemetry")
        let old = now.adding(seconds: -5 * 86_400)
        try Connection.withTemporary(harness.target) { connection in
            try partitions.ensure([old], on: connection)
            #expect(try DayPartitions(table: "telemetry").drop(before: now, on: connection) == 1)
            try partitions.ensure([old], on: connection)
            #expect(try partitions.count(on: connection) == 1)
        }
    }

    @Test func `makes a day's partition once, however many sessions want it at the same moment`() async throws
    {
        let harness = try IngestHarness()
        let (target, now) = (harness.target, now)
        try await withThrowingTaskGroup { group in
            for _ in 0..<4 {
                let session = DedicatedConnection(target, SessionSettings(), label: "weir.test.partitions")
                group.addTask {
                    defer { session.close() }
                    for day in 0..<20 {
                        try await session.withConnection { connection in
                            let partitions = DayPartitions(table: "telemetry")
                            try partitions.ensure([now.adding(seconds: day * 86_400)], on: connection)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(
            try harness.rows("SELECT count(*) FROM pg_inherits WHERE inhparent = 'telemetry'::regclass") == [
                "20"
            ]
        )
    }

    @Test func `drops whole days of raw events, the oldest first`() throws {
        let harness = try IngestHarness()
        let partitions = DayPartitions(table: "telemetry")
        let rows = AgingPartitions("days", partitions)
        let limit = now
        try Connection.withTemporary(harness.target) { connection in
            try partitions.ensure((0..<4).map { limit.adding(seconds: -$0 * 86_400) }, on: connection)
            let survey = try rows.survey(before: limit.adding(seconds: -86_400), on: connection)
            #expect(survey.total == 4 && survey.expired == 2)
            #expect(survey.oldest?.description.prefix(10) == "2026-02-26")
            #expect(survey.newest?.description.prefix(10) == "2026-03-01")
            let outcome = try RetentionSweep(rows, before: limit.adding(seconds: -86_400)).run(on: connection)
            #expect(outcome == RetentionSweep.Outcome(deleted: 2, batches: 2, isComplete: true))
            let left = try partitions.days(on: connection).map { String($0.description.prefix(10)) }
            #expect(left == ["2026-02-28", "2026-03-01"])
        }
    }

    /// Never at an end.
    private struct EndlessRows: AgingRows {
        let name = "rows"
        let table: String? = nil

        func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
            AgeSurvey(total: 0, oldest: nil, newest: nil, expired: 0)
        }

        func deleteBatch(before limit: Timestamp, atMost count: Int, on connection: Connection) throws -> Int
        {
            count
        }
    }
}
