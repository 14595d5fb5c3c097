internal import Core
internal import Postgres

/// The SQL of the projection. Long statements are in `SQL/`, to be read and run by hand.
enum NextflowApplyStore {
    private static let claimDigests = Statement("claim_digests", file: PackageResources.claim_digests_sql)
    private static let rollEvents = Statement("roll_events", file: PackageResources.roll_events_sql)
    private static let mergeRuns = Statement("merge_runs", file: PackageResources.merge_runs_sql)
    private static let mergeSegments = Statement("merge_segments", file: PackageResources.merge_segments_sql)
    private static let mergeTasks = Statement("merge_tasks", file: PackageResources.merge_tasks_sql)
    private static let insertCompletions = Statement(
        "insert_completions",
        file: PackageResources.insert_completions_sql
    )

    private static let placeCompletions = Statement(
        "place_completions",
        file: PackageResources.place_completions_sql
    )

    /// Ids are claimed in blocks of this size: the increment of the sequence.
    static let idBlock = 10_000

    /// Makes the staging table. Plans must not depend on how small a table was when they were made, so only lookups
    /// by key are allowed: the staging table is read as a whole, every other table by its primary key.
    static func prepare(_ connection: Connection) throws {
        try connection.executeScript(String(decoding: PackageResources.stage_event_sql, as: UTF8.self))
        try connection.executeScript(
            "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off; SET jit = off"
        )
    }

    /// The first of `count` consecutive ids.
    static func claimIDs(count: Int, on connection: Connection) throws -> Int64 {
        precondition(count <= idBlock, "BUG: a batch is larger than a block of ids")
        let rows = try connection.execute("SELECT nextval('telemetry_id') AS id")
        return try rows.first?.int64("id") ?? 0
    }

    /// The id and the resend mark that an event got with its raw row; nil when it has no raw row.
    static func fetchTelemetry(
        _ event: NextflowEvent,
        on connection: Connection
    ) throws -> (id: Int64, isResend: Bool)? {
        let rows = try connection.execute(
            """
            SELECT id, is_resend
            FROM telemetry
            WHERE run_key = $1 AND received_at = $2 AND journal_id = $3 AND seq = $4
            """,
            [.uuid(event.runKey), .timestamp(event.receivedAt), .uuid(event.journalID), .int64(event.seq)]
        )
        return try rows.first.map { (try $0.int64("id"), try $0.bool("is_resend")) }
    }

    /// Claims digests; returns the time with which each is stored afterwards.
    static func claimDigests(
        _ digests: [UUID128],
        times: [Timestamp],
        on connection: Connection
    ) throws -> [(UUID128, Timestamp)] {
        let rows = try connection.execute(claimDigests, [.uuidArray(digests), .timestampArray(times)])
        return try rows.map { (try $0.uuid(0), try $0.timestamp(1)) }
    }

    /// Whether all recently active journals are loaded up to `limit`: the newest rows of each are younger, or it has
    /// been silent for a day.
    static func isCaughtUp(since limit: Timestamp, on connection: Connection) throws -> Bool {
        let rows = try connection.execute(
            """
            SELECT NOT EXISTS (
                SELECT FROM journal_position p
                WHERE p.stream = 'nextflow'
                  AND p.applied_at > now() - interval '1 day'
                  AND p.applied_at > p.received_at + interval '10 minutes'
                  AND p.received_at < $1
            ) AS caught_up
            """,
            [.timestamp(limit)]
        )
        return try rows.first?.bool("caught_up") ?? true
    }

    /// Deletes digests that no later event can match.
    static func deleteDigests(before time: Timestamp, on connection: Connection) throws -> Int {
        try connection.execute(
            """
            DELETE FROM recent_digest
            WHERE digest IN (SELECT digest FROM recent_digest WHERE received_at < $1 LIMIT 20000)
            """,
            [.timestamp(time)]
        ).affectedRows
    }

    /// Adds counts of raw events.
    static func rollEvents(_ counts: [EventCount], on connection: Connection) throws {
        try connection.execute(
            rollEvents,
            [
                .textArray(counts.map { storable($0.event) }),
                .timestampArray(counts.map(\.second)),
                .int64Array(counts.map(\.rows)),
            ]
        )
    }

    /// Merges the staged events with these ids into their runs, and locks the runs until the transaction ends.
    static func mergeRuns(from first: Int64, through last: Int64, on connection: Connection) throws {
        try connection.execute(mergeRuns, [.int64(first), .int64(last)])
    }

    /// Merges them into executions, tasks and completions; returns the ids of those that made a new completion.
    static func mergeParts(from first: Int64, through last: Int64, on connection: Connection) throws
        -> Set<Int64>
    {
        let range: [Parameter] = [.int64(first), .int64(last)]
        try connection.execute(mergeSegments, range)
        try connection.execute(mergeTasks, range)
        return Set(try connection.execute(insertCompletions, range).map { try $0.int64(0) })
    }

    /// Notes where attempts ran whose completion was there before; without any there is no statement.
    static func placeCompletions(_ elements: [NextflowElement], on connection: Connection) throws {
        guard !elements.isEmpty else { return }
        try connection.execute(
            placeCompletions,
            [
                .uuidArray(elements.map(\.event.runKey)), .uuidArray(elements.map(\.completionKey)),
                .textArray(elements.map(\.event.task?.executor)),
                .textArray(elements.map(\.event.task?.machineType)),
            ]
        )
    }

    /// Text without U+0000, which PostgreSQL cannot store. Events are rewritten before; this is for names.
    private static func storable(_ text: String) -> String {
        text.utf8.contains(0) ? text.replacing("\0", with: "\u{2400}") : text
    }
}
