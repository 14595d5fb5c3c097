internal import Core
internal import Ingest
internal import Postgres

/// The SQL of what was said of stages, which is kept as it came: a line that is loaded behind a later one makes the rows of
/// its pipeline anew.
enum StageReportStore {
    private static let unknown = Statement(
        "stages that are not there",
        """
        SELECT s.id FROM unnest($1::bigint[]) AS s (id)
        WHERE NOT EXISTS (SELECT FROM stage t WHERE t.id = s.id) LIMIT 1
        """
    )
    private static let insert = Statement(
        "insert stage reports",
        """
        INSERT INTO stage_report (stage_id, at, journal, seq, kind, body, pipeline_id)
        SELECT s.* FROM unnest(
            $1::bigint[], $2::timestamptz[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::bigint[]
        ) AS s (stage, at, journal, seq, kind, body, pipeline)
        ON CONFLICT DO NOTHING
        """
    )
    private static let adoption = Statement(
        "adopt stage reports",
        """
        UPDATE stage_report r SET pipeline_id = s.pipeline
        FROM unnest($1::bigint[], $2::bigint[]) AS s (stage, pipeline)
        WHERE r.stage_id = s.stage AND r.pipeline_id IS NULL
        RETURNING r.pipeline_id
        """
    )
    private static let last = Statement(
        "last stage reports",
        """
        SELECT p.id, r.at, r.journal, r.seq
        FROM unnest($1::bigint[]) AS p (id)
        CROSS JOIN LATERAL (
            SELECT at, journal, seq FROM stage_report WHERE pipeline_id = p.id
            ORDER BY at DESC, journal DESC, seq DESC LIMIT 1
        ) r
        """
    )
    private static let sizes = Statement(
        "sizes of stage reports",
        """
        SELECT pipeline_id, count(*) AS lines, sum(octet_length(body))::bigint AS bytes
        FROM stage_report
        WHERE pipeline_id = ANY ($1::bigint[])
        GROUP BY pipeline_id
        """
    )
    private static let history = Statement(
        "stage reports",
        """
        SELECT pipeline_id, at, journal, seq, kind, body FROM stage_report WHERE pipeline_id = ANY ($1::bigint[])
        ORDER BY pipeline_id, at, journal, seq
        """
    )

    /// Waits, for lines about stages that are not there, until whoever makes pipelines now has committed: either the stages
    /// are there then, or whoever makes them later finds the lines. Held until the transaction ends.
    static func waitForMaking(_ elements: [PipelineElement], on connection: Connection) throws {
        var named: Set<Int64> = []
        var made: Set<Int64> = []
        var makes = false
        for element in elements {
            switch element.word {
            case .create(let pipeline):
                makes = true
                made.formUnion(pipeline.stages.map(\.id))
            case .stage(let report): named.insert(report.stageID)
            case .worker, .log: break
            }
        }
        named.subtract(made)
        if !named.isEmpty,
            try !connection.execute(unknown, [.int64Array(named.sorted())]).isEmpty
        {
            try connection.execute("SELECT pg_advisory_xact_lock(hashtext('stage_report'))")
        }
        if makes { try connection.execute("SELECT pg_advisory_xact_lock_shared(hashtext('stage_report'))") }
    }

    /// Gives new pipelines the lines about them that were loaded before.
    ///
    /// - Returns: the pipelines that got some.
    static func adopt(_ new: [NewPipeline], on connection: Connection) throws -> Set<Int64> {
        let stages = new.flatMap { pipeline in pipeline.stages.map { (stage: $0.id, pipeline: pipeline.id) } }
        guard !stages.isEmpty else { return [] }
        let rows = try connection.execute(
            adoption,
            [.int64Array(stages.map(\.stage)), .int64Array(stages.map(\.pipeline))]
        )
        return Set(try rows.map { try $0.int64("pipeline_id") })
    }

    /// The last line of each pipeline that has one.
    static func last(of pipelines: [Int64], on connection: Connection) throws -> [(Int64, LinePlace)] {
        try connection.execute(last, [.int64Array(pipelines)]).map { row in
            (try row.int64("id"), try LinePlace(row))
        }
    }

    /// How many lines of a pipeline, and bytes of them, are read to make its rows anew: whoever sends them chooses how many
    /// there are. Lines of one that has more count in the order in which they are loaded.
    struct Limits: Sendable {
        var lines = 20_000
        var bytes = 32 << 20
        /// Of all pipelines of a batch together.
        var bytesTogether = 128 << 20
    }

    /// All lines of some pipelines; an empty list for one that has none, and nothing for one that has too many.
    ///
    /// - Throws: `BatchTooLarge` when those of a batch are too large together.
    static func histories(
        of pipelines: Set<Int64>,
        _ limits: Limits,
        on connection: Connection
    ) throws -> [Int64: [PipelineEntry.Line]] {
        guard !pipelines.isEmpty else { return [:] }
        var histories: [Int64: [PipelineEntry.Line]] = [:]
        for pipeline in pipelines { histories[pipeline] = [] }
        var together = 0
        for row in try connection.execute(sizes, [.int64Array(pipelines.sorted())]) {
            let (lines, bytes) = (try row.int("lines"), try row.int("bytes"))
            if lines > limits.lines || bytes > limits.bytes {
                histories[try row.int64("pipeline_id")] = nil
            } else {
                together += bytes
            }
        }
        if together > limits.bytesTogether, histories.count > 1 { throw BatchTooLarge() }
        let pipelines = histories.keys
        guard !pipelines.isEmpty else { return [:] }
        for row in try connection.execute(history, [.int64Array(pipelines.sorted())]) {
            guard let kind = PipelinesProjection.Kind(rawValue: try row.text("kind")),
                let body = try? BodyReader(try row.utf8("body")),
                let report = try? StageReport(line: body, kind)
            else { continue }
            histories[try row.int64("pipeline_id"), default: []].append(
                PipelineEntry.Line(place: try LinePlace(row), report: report)
            )
        }
        return histories
    }

    /// Keeps the lines of a batch.
    static func keep(_ book: PipelineBook, on connection: Connection) throws {
        let lines =
            book.kept.map { (pipeline: Int64?.some($0.pipeline), line: $0.line) }
            + book.early.map { (pipeline: nil, line: $0) }
        guard !lines.isEmpty else { return }
        let places = lines.map(\.line.place)
        let reports = lines.map(\.line.report)
        try connection.execute(
            insert,
            [
                .int64Array(reports.map(\.stageID)), .timestampArray(places.map(\.at)),
                .uuidArray(places.map(\.journal)), .int64Array(places.map(\.seq)),
                .textArray(reports.map(\.kind.rawValue)),
                .textArray(reports.map { String(decoding: $0.line, as: UTF8.self) }),
                .int64Array(lines.map(\.pipeline)),
            ]
        )
    }
}

extension LinePlace {
    /// Reads the columns `at`, `journal` and `seq`.
    init(_ row: Row) throws {
        self.init(at: try row.timestamp("at"), journal: try row.uuid("journal"), seq: try row.int64("seq"))
    }
}

extension PipelineEntry {
    /// Reads a row of the statement that locks pipelines.
    init(_ row: Row) throws {
        let items = try row.optionalUTF8("first_items").flatMap { try? BodyReader($0) }
        self.init(
            id: try row.int64("id"),
            name: try row.text("name"),
            application: try row.optionalText("application") ?? Self.nobody,
            shownTrace: try row.optionalText("trace_id"),
            createdAt: try row.timestamp("created_at"),
            firstItems: try items.map { try NewPipeline.items($0, "items") }
        )
        state.status = PipelineStatus(rawValue: try row.text("status")) ?? .running
        state.isCompleted = try row.bool("is_completed")
        state.finishedAt = try row.optionalTimestamp("finished_at")
        state.wasStarted = try row.bool("was_started")
    }
}
