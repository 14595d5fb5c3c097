internal import API
internal import Core
internal import Ingest
internal import Postgres

/// The SQL of reading pipelines.
struct PipelinesStore {
    let connection: Connection

    /// A pipeline as its row has it, with the statuses of its stages.
    struct Found {
        let id: Int64
        let name: String
        let shownTrace: String?
        let createdAt: Timestamp
        let finishedAt: Timestamp?
        let applicationID: Int64
        let context: PipelineContext?
        var stages: [StageRow] = []
    }

    /// A stage as its row has it.
    struct StageRow {
        let state: StageState
        let createdAt: Timestamp
        let handler: String?
        let description: String?
        let spanID: String?
        let input: String?
        let output: String?
    }

    /// What a list asks for.
    struct Query: Sendable {
        var page = 1
        var size = 10
        var application: Int64?
        var search: String?
        var keywords: [String] = []
        var statuses: [String] = []
        var startFrom: Timestamp?
        var startTo: Timestamp?
        var endFrom: Timestamp?
        var endTo: Timestamp?
    }

    private static let columns =
        "p.id, p.name, p.trace_id, p.created_at, p.finished_at, p.application_id, "
        + "p.w3c_trace_id, p.trace_flags, p.tracestate"

    /// A page, the newest first, and how many there are: at most `limits.samples`, the newest.
    func list(_ query: Query, _ limits: InsightLimits) throws -> (total: Int64, page: [Found]) {
        var search = Self.search(query, limits)
        let source = search.sql()
        let total = try connection.execute(
            Statement(sql: "SELECT count(*) AS n FROM (\(source)) p"),
            search.parameters
        )[0].int64("n")
        let limit = search.value(.int(query.size))
        let offset = search.value(.int((query.page - 1) * query.size))
        let rows = try connection.execute(
            Statement(
                sql: """
                    SELECT \(Self.columns) FROM (\(source)) p
                    ORDER BY p.created_at DESC, p.id DESC LIMIT \(limit)::bigint OFFSET \(offset)::bigint
                    """
            ),
            search.parameters
        )
        var page = try rows.map(Self.found)
        let places = Dictionary(uniqueKeysWithValues: page.enumerated().map { ($1.id, $0) })
        for stage in try stages(page.map(\.id)) {
            if let place = places[stage.state.pipelineID] { page[place].stages.append(stage) }
        }
        return (total, page)
    }

    /// One of them; nil when there is none.
    func fetchOne(_ id: Int64) throws -> Found? {
        let sql = "SELECT \(Self.columns) FROM pipeline p WHERE p.id = $1"
        guard let row = try connection.execute(Statement("pipeline", sql), [.int64(id)]).first else {
            return nil
        }
        var found = try Self.found(row)
        found.stages = try stages([id])
        return found
    }

    private static func found(_ row: Row) throws -> Found {
        Found(
            id: try row.int64("id"),
            name: try row.text("name"),
            shownTrace: try row.optionalText("trace_id"),
            createdAt: try row.timestamp("created_at"),
            finishedAt: try row.optionalTimestamp("finished_at"),
            applicationID: try row.int64("application_id"),
            context: PipelineContext(
                traceID: try row.text("w3c_trace_id"),
                flags: try row.int("trace_flags"),
                state: try row.optionalText("tracestate")
            )
        )
    }

    private func stages(_ pipelines: [Int64]) throws -> [StageRow] {
        let statement = Statement("stages with texts", file: PackageResources.read_stages_sql)
        return try connection.execute(statement, [.int64Array(pipelines)]).map { row in
            StageRow(
                state: try StageState(row),
                createdAt: try row.timestamp("created_at"),
                handler: try row.optionalText("stage_handler_name"),
                description: try row.optionalText("description"),
                spanID: try row.optionalText("span_id"),
                input: try row.optionalText("input"),
                output: try row.optionalText("output")
            )
        }
    }

    /// The most lines of logs of one stage that an answer has.
    static let mostLogs = 1000

    /// The newest logs of each stage, in their order.
    func logs(_ pipeline: Int64) throws -> [Int64: [(at: Timestamp, level: String, text: String)]] {
        var logs: [Int64: [(at: Timestamp, level: String, text: String)]] = [:]
        let statement = Statement("logs of stages", file: PackageResources.read_stage_logs_sql)
        for row in try connection.execute(statement, [.int64(pipeline), .int(Self.mostLogs)]) {
            logs[try row.int64("stage_id"), default: []].append(
                (try row.timestamp("created_at"), try row.text("log_level"), try row.text("log"))
            )
        }
        return logs
    }

    /// The shared values and the keywords of a pipeline.
    func items(_ pipeline: Int64) throws -> (items: [NewPipeline.ContextItem], keywords: [NewPipeline.Pair]) {
        let items = try connection.execute(
            Statement(
                "context items",
                "SELECT key, value, value_type FROM pipeline_context_item WHERE pipeline_id = $1 ORDER BY place, key"
            ),
            [.int64(pipeline)]
        ).map { row in
            NewPipeline.ContextItem(
                key: try row.text("key"),
                value: try row.text("value"),
                type: try row.text("value_type")
            )
        }
        let keywords = try connection.execute(
            Statement(
                "keywords",
                """
                SELECT k.key, k.value FROM pipeline_keyword p JOIN keyword k ON k.id = p.keyword_id
                WHERE p.pipeline_id = $1 ORDER BY k.key, k.value
                """
            ),
            [.int64(pipeline)]
        ).map { NewPipeline.Pair(key: try $0.text("key"), value: try $0.text("value")) }
        return (items, keywords)
    }

    private static func search(_ query: Query, _ limits: InsightLimits) -> TraceSearch {
        var wanted = TraceQuery()
        wanted.limit = limits.samples
        var search = TraceSearch(wanted, limits, in: PipelineInsights.place, hasNumber: true)
        if let application = query.application {
            search.require("application_id = \(search.value(.int64(application)))")
        }
        let bounds = [
            ("created_at >=", query.startFrom), ("created_at <=", query.startTo),
            ("finished_at >=", query.endFrom), ("finished_at <=", query.endTo),
        ]
        for case (let left, let time?) in bounds {
            search.require("\(left) \(search.value(.timestamp(time)))::timestamptz")
        }
        if !query.statuses.isEmpty {
            search.require("status = ANY (\(search.value(.textArray(query.statuses)))::text[])")
            // Two indexes have those that are few.
            if query.statuses.allSatisfy({ $0 == PipelineStatus.failed.rawValue }) {
                search.require("lower(status) = 'failed'")
            } else if !query.statuses.contains(where: { ["completed", "failed"].contains($0.lowercased()) }) {
                search.require("lower(status) NOT IN ('completed', 'failed')")
            }
        }
        if !query.keywords.isEmpty {
            let words = search.value(.textArray(query.keywords))
            search.require(
                """
                EXISTS (SELECT FROM pipeline_keyword pk JOIN keyword k ON k.id = pk.keyword_id
                        WHERE pk.pipeline_id = pipeline.id
                            AND (k.value = ANY (\(words)::text[]) OR k.key = ANY (\(words)::text[])))
                """
            )
        }
        if let word = query.search { PipelineInsights.look(for: word, &search) }
        return search
    }
}

/// Texts in patterns of `LIKE`: wildcards in them mean themselves.
enum LikePattern {
    /// Matches texts that contain this one.
    static func containing(_ text: String) -> String {
        var pattern = "%"
        for character in text.unicodeScalars {
            if character == "%" || character == "_" || character == "\\" {
                pattern.unicodeScalars.append("\\")
            }
            pattern.unicodeScalars.append(character)
        }
        return pattern + "%"
    }

    /// The number that a text is in decimal digits; nil for anything else.
    static func number(_ text: String) -> Int64? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int64(text) : nil
    }
}
