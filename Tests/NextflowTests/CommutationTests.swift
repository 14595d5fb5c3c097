import Core
import Journal
import TestKit
import Testing

@testable import Nextflow

/// Events of two Weirs may meet in any order, and a batch may be cut anywhere.
@Suite struct `The order of application` {
    /// Every table that an answer is made from, in a form that does not show who came first.
    private static let tables = [
        "SELECT * FROM run ORDER BY 1",
        "SELECT * FROM run_segment ORDER BY 1, 2",
        "SELECT * FROM task ORDER BY 1, 2, 3, 4",
        """
        SELECT run_key, completion_key, utc_time, process, attempt, status, exit, error_action, task_id, hash,
               name, sample_id, realtime_ms, cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss
        FROM completion ORDER BY 1, 2
        """,
        "SELECT * FROM completion_rollup ORDER BY 1, 2, 3, 4, 5, 6, 7, 8",
        "SELECT * FROM run_rollup ORDER BY 1, 2, 3",
        "SELECT * FROM run_process ORDER BY 1, 2",
        "SELECT * FROM event_rollup ORDER BY 1, 2, 3",
    ]

    private static func lines() throws -> [JournalLine] {
        let bodies =
            try Fixture.bodies("nextflow_core_23.04") + Fixture.bodies("nextflow_plugin_23.10")
            + Fixture.samples().map(\.body)
        return try bodies.enumerated().map { try ProjectionHarness.line(Int64($0.offset + 1), $0.element) }
    }

    private static func outcome(of batches: [[JournalLine]]) throws -> [[String]] {
        let harness = try ProjectionHarness()
        #expect(try harness.apply(batches) == 0)
        return try tables.map { try harness.rows($0) }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `and the cut of batches leave the same rows`(seed: UInt64) throws {
        let lines = try Self.lines()
        let expected = try Self.outcome(of: [lines])
        var generator = SeededGenerator(seed)
        let shuffled = lines.shuffled(using: &generator)
        var batches: [[JournalLine]] = []
        var rest = shuffled[...]
        while !rest.isEmpty {
            let size = Int.random(in: 1...40, using: &generator)
            batches.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }

        let actual = try Self.outcome(of: batches)

        for (index, table) in Self.tables.enumerated() {
            #expect(actual[index] == expected[index], "\(table)")
        }
    }

    @Test func `of everything twice adds nothing but resends`() throws {
        let lines = try Self.lines()
        let again = lines.map {
            JournalLine(
                seq: $0.seq + 1000,
                at: $0.at.adding(seconds: 60),
                kind: $0.kind,
                body: Array($0.body)
            )
        }
        let harness = try ProjectionHarness()
        try harness.apply([lines])
        let counted = try Self.tables.suffix(4).map { try harness.rows($0) }

        try harness.apply([again])

        #expect(try Self.tables.suffix(4).map { try harness.rows($0) } == counted)
        #expect(
            try harness.rows("SELECT is_resend, count(*) FROM telemetry GROUP BY 1 ORDER BY 1")
                == ["f|\(lines.count)", "t|\(lines.count)"]
        )
    }
}
