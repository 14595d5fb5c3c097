import Core
import FeatureTestKit
import Journal
import Postgres
import TestKit
import Testing

@testable import Ingest
@testable import Nextflow

@Suite("Calls of Tower's client become rows", .serialized)
struct TowerProjectionTests {
    @Test(
        "which are the weblog's of the same run, whether one client told them, the other, or both",
        arguments: ["23.10.4_both", "25.10.2_both"]
    )
    func oneRunWhicheverWayItCame(name: String) throws {
        let capture = try TowerCapture(name)
        let (weblog, tower) = (try capture.weblogLines(), capture.towerLines())
        let told = try TowerHarness.rows(weblog: [weblog], tower: [])
        #expect(told.tasks.count > 15)
        #expect(told.completions.count > 5)
        let runs: [(String, [[JournalLine]], [[JournalLine]])] = [
            ("tower alone", [], [tower]),
            ("both", [weblog], [tower]),
            (
                "both, each line by itself, the last one first", weblog.reversed().map { [$0] },
                tower.reversed().map { [$0] }
            ),
            ("tower twice", [], [tower, tower]),
        ]
        for (label, weblog, tower) in runs {
            let rows = try TowerHarness.rows(weblog: weblog, tower: tower)
            #expect(rows.tasks == told.tasks, "\(label)")
            #expect(rows.completions == told.completions, "\(label)")
            #expect(rows.outcome == told.outcome, "\(label)")
        }
    }

    @Test("in any order and however often they come", arguments: TowerCapture.names)
    func anyOrder(name: String) throws {
        let lines = try TowerCapture(name).towerLines()
        let told = try TowerHarness.rows(weblog: [], tower: [lines])
        var generator = SeededGenerator(7)
        let shuffled = (lines + lines).shuffled(using: &generator)
        #expect(try TowerHarness.rows(weblog: [], tower: shuffled.map { [$0] }) == told)
        #expect(try TowerHarness.rows(weblog: [], tower: shuffled.batches(using: &generator)) == told)
    }
}

/// What the rows say of a run.
struct TowerHarness: Equatable {
    var tasks: [String]
    var completions: [String]
    var outcome: [String]
    var facts: [String]
    /// Where completed attempts ran.
    var places: [String]
    var containers: [String]

    static let database = Result { try ProjectionHarness() }

    /// Everything that calls alone decide, with the times of rows.
    private static let factsSQL = """
        SELECT concat_ws(
            '|', t.workflow_id, t.workspace_id, t.progress, t.process_names, t.dag, t.launched,
            md5(t.config_text), t.metrics, r.first_utc, r.last_utc, r.tower_utc, r.weblog_utc, r.started_utc,
            r.task_utc, r.completed_utc, r.first_received_at, r.last_received_at
        )
        FROM run_tower t
        JOIN run r USING (run_key)
        UNION ALL
        SELECT concat_ws(
            '|', task_number, hash, status_rank, executor, machine_type, cloud_zone, price_model,
            spot_interruptions, tower_told, first_utc, last_utc
        )
        FROM task
        UNION ALL
        SELECT concat_ws('|', task_id, hash, utc_time) FROM completion
        ORDER BY 1
        """

    /// Applies batches to an empty database, and reads it.
    static func rows(
        weblog: [[JournalLine]],
        tower: [[JournalLine]],
        towerFirst: Bool = false
    ) throws -> TowerHarness {
        let harness = try database.get()
        try harness.execute(
            """
            TRUNCATE run, run_segment, task, completion, completion_rollup, run_rollup, run_process, event_rollup,
                recent_digest, tower_workflow, tower_pending, run_tower, run_container, tower_call,
                telemetry
            """
        )
        if towerFirst { try harness.applyTower(tower) }
        try harness.apply(weblog)
        if !towerFirst { try harness.applyTower(tower) }
        #expect(try harness.rows("SELECT count(*) FROM tower_pending") == ["0"])
        return TowerHarness(
            tasks: try harness.rows(
                """
                SELECT concat_ws(
                    '|', task_id, hash, status_rank, submitted, started, completed, process, name, tag, attempt, exit,
                    error_action, submit_at, start_at, complete_at, duration_ms, realtime_ms, cpus, memory, time_ms,
                    pct_cpu, pct_mem, rss, vmem, peak_rss, peak_vmem, rchar, wchar, read_bytes, write_bytes, native_id,
                    queue, container, workdir
                )
                FROM task
                WHERE status_rank >= 2
                ORDER BY task_number, hash
                """
            ),
            completions: try harness.rows(
                """
                SELECT concat_ws(
                    '|', bucket, process, attempt, status, exit, error_action, sum(rows), sum(cpus), sum(memory), sum(time_ms),
                    sum(pct_cpu), sum(pct_mem), sum(peak_rss), sum(read_bytes), sum(write_bytes)
                )
                FROM completion_rollup
                WHERE grain = 'hour'
                GROUP BY bucket, process, attempt, status, exit, error_action
                ORDER BY 1
                """
            ),
            outcome: try harness.rows(
                "SELECT concat_ws('|', run_id, run_name, outcome, user_name, project_name, segment_start) FROM run"
            ),
            facts: try harness.rows(factsSQL),
            places: try harness.rows(
                "SELECT concat_ws('|', task_id, executor, machine_type) FROM completion ORDER BY task_id, hash"
            ),
            containers: try harness.rows(
                "SELECT concat_ws('|', request_id, container) FROM run_container ORDER BY request_id"
            )
        )
    }
}

extension ProjectionHarness {
    /// Applies Tower's lines in batches; the dead letters that they made.
    @discardableResult
    func applyTower(_ batches: [[JournalLine]]) throws -> Int {
        let projection = TowerProjection(partitions: DayPartitions(table: "tower_call"))
        return try Connection.withTemporary(database.target) { connection in
            try projection.prepare(connection)
            let applier = BatchApplier(projection: projection)
            return try batches.reduce(0) { letters, lines in
                let batch = applier.decode(lines.map { .init(journal: Self.journal, line: $0) })
                return letters + (try applier.apply(batch, on: connection) { _ in }.deadLetters)
            }
        }
    }
}

extension Array {
    /// Cut into batches of one to five.
    func batches(using generator: inout some RandomNumberGenerator) -> [[Element]] {
        var (rest, batches) = (self[...], [[Element]]())
        while !rest.isEmpty {
            let batch = rest.prefix(Int.random(in: 1...5, using: &generator))
            batches.append(Array(batch))
            rest = rest.dropFirst(batch.count)
        }
        return batches
    }
}
