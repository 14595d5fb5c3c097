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
        let again = try TowerHarness.rows(weblog: [], tower: shuffled.map { [$0] })
        #expect(again == told)
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
                    '|', process, attempt, status, exit, error_action, sum(rows), sum(cpus), sum(memory), sum(time_ms),
                    sum(pct_cpu), sum(pct_mem), sum(peak_rss), sum(read_bytes), sum(write_bytes)
                )
                FROM completion_rollup
                WHERE grain = 'year'
                GROUP BY process, attempt, status, exit, error_action
                ORDER BY 1
                """
            ),
            outcome: try harness.rows(
                "SELECT concat_ws('|', run_id, run_name, outcome, user_name, project_name, segment_start) FROM run"
            ),
            facts: try harness.rows(
                "SELECT concat_ws('|', workflow_id, progress, process_names, launched, md5(config_text), metrics) FROM run_tower"
            ),
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
