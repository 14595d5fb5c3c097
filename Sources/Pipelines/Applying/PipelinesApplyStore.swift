internal import Core
internal import Ingest
internal import Postgres

/// The SQL of pipelines and stages in the loader.
enum PipelinesApplyStore {
    private static let insertApplications = Statement(
        "insert applications",
        """
        INSERT INTO application (id, name)
        SELECT DISTINCT ON (s.name) s.id, s.name FROM unnest($1::bigint[], $2::text[]) AS s (id, name)
        ORDER BY s.name, s.id
        ON CONFLICT DO NOTHING
        """
    )
    private static let insertPipelines = Statement(
        "insert pipelines",
        file: PackageResources.insert_pipelines_sql
    )
    private static let insertStages = Statement("insert stages", file: PackageResources.insert_stages_sql)
    private static let insertStageParts = Statement(
        "insert stage inputs",
        """
        INSERT INTO stage_io (stage_id, input)
        SELECT s.id, s.input FROM unnest($1::bigint[], $2::text[]) AS s (id, input)
        ON CONFLICT DO NOTHING
        """
    )
    private static let insertOptions = Statement(
        "insert stage options",
        file: PackageResources.insert_stage_options_sql
    )
    private static let insertKeywords = Statement(
        "insert keywords",
        """
        INSERT INTO keyword (key, value)
        SELECT DISTINCT s.key, s.value FROM unnest($1::text[], $2::text[]) AS s (key, value)
        ORDER BY 1, 2
        ON CONFLICT DO NOTHING
        """
    )
    private static let joinKeywords = Statement(
        "join keywords",
        """
        INSERT INTO pipeline_keyword (pipeline_id, keyword_id)
        SELECT DISTINCT s.pipeline, k.id
        FROM unnest($1::bigint[], $2::text[], $3::text[]) AS s (pipeline, key, value)
        JOIN keyword k ON k.key = s.key AND k.value = s.value
        ON CONFLICT DO NOTHING
        """
    )

    // MARK: - New pipelines

    /// Stores the new pipelines of some lines, and says of each what became of it.
    ///
    /// - Returns: those about which lines were loaded before they were made.
    static func create(_ elements: inout [PipelineElement], on connection: Connection) throws -> Set<Int64> {
        var places: [Int64: Int] = [:]
        var new: [NewPipeline] = []
        for (place, element) in elements.enumerated() {
            guard case .create(let pipeline) = element.word else { continue }
            elements[place].outcome = .numberTaken
            guard places[pipeline.id] == nil else { continue }
            places[pipeline.id] = place
            new.append(pipeline)
        }
        guard !new.isEmpty else { return [] }
        try connection.execute(
            insertApplications,
            [.int64Array(new.map(\.applicationID)), .textArray(new.map(\.application))]
        )
        var stored: Set<Int64> = []
        for row in try connection.execute(insertPipelines, parameters(new)) {
            let id = try row.int64("id")
            stored.insert(id)
            if let place = places[id] { elements[place].outcome = .created }
        }
        new.removeAll { !stored.contains($0.id) }
        try store(stages: new, on: connection)
        try store(itemsOf: new, on: connection)
        try PipelineNumbers.pass(
            pipeline: new.map(\.id).max(),
            stage: new.flatMap { $0.stages.map(\.id) }.max(),
            application: new.map(\.applicationID).max(),
            on: connection
        )
        return try StageReportStore.adopt(new, on: connection)
    }

    private static func parameters(_ new: [NewPipeline]) -> [Parameter] {
        [
            .int64Array(new.map(\.id)), .textArray(new.map(\.application)), .textArray(new.map(\.name)),
            .timestampArray(new.map(\.createdAt)), .textArray(new.map(\.shownTrace)),
            .textArray(new.map(\.traceID)), .textArray(new.map(\.parentID)),
            .int64Array(new.map { Int64($0.traceFlags) }), .textArray(new.map(\.traceState)),
            .textArray(new.map { Self.firstItems($0.lastItems) }),
        ]
    }

    private static func store(stages new: [NewPipeline], on connection: Connection) throws {
        let stages = new.flatMap { pipeline in pipeline.stages.map { (pipeline, $0) } }
        guard !stages.isEmpty else { return }
        try connection.execute(
            insertStages,
            [
                .int64Array(stages.map(\.1.id)), .int64Array(stages.map(\.0.id)),
                .textArray(stages.map(\.1.name)),
                .textArray(stages.map(\.1.description)), .textArray(stages.map(\.1.handler)),
                .timestampArray(stages.map(\.0.createdAt)), .boolArray(stages.map(\.1.isEvent)),
                .textArray(stages.map(\.1.spanID)),
            ]
        )
        let inputs = stages.map(\.1).filter { $0.input != nil }
        if !inputs.isEmpty {
            try connection.execute(
                insertStageParts,
                [.int64Array(inputs.map(\.id)), .textArray(inputs.map(\.input))]
            )
        }
        let special = stages.map(\.1).filter { $0.options != StageOptions() }
        guard !special.isEmpty else { return }
        let options = special.map(\.options)
        try connection.execute(
            insertOptions,
            [
                .int64Array(special.map(\.id)), .boolArray(options.map(\.runNextIfFailed)),
                .int64Array(options.map { Int64($0.retryInterval) }),
                .int64Array(options.map { Int64($0.timeOut) }),
                .int64Array(options.map { Int64($0.maxRetries) }),
                .textArray(options.map { json($0.dependsOn) }),
                .textArray(options.map { json($0.runInParallelWith) }),
                .boolArray(options.map(\.failIfOutputEmpty)), .boolArray(options.map(\.notifyOnFailure)),
                .textArray(options.map(\.runAsUser)),
            ]
        )
    }

    private static func firstItems(_ items: [NewPipeline.ContextItem]) -> String {
        var writer = JSONWriter()
        writer.object { NewPipeline.write(items, to: &$0, as: "items") }
        return writer.text
    }

    private static func json(_ texts: [String]) -> String {
        var writer = JSONWriter()
        writer.array { list in for text in texts { list.value(text) } }
        return writer.text
    }

    private static func store(itemsOf new: [NewPipeline], on connection: Connection) throws {
        let items = new.flatMap { pipeline in
            pipeline.lastItems.enumerated().map { place, item in
                PipelineEntry.Item(
                    pipelineID: pipeline.id,
                    item: item,
                    place: place,
                    at: pipeline.createdAt
                )
            }
        }
        try StageApplyStore.store(items: items, on: connection)
        let keywords = new.flatMap { pipeline in pipeline.keywords.map { (pipeline.id, $0) } }
        guard !keywords.isEmpty else { return }
        let keys = Parameter.textArray(keywords.map(\.1.key))
        let values = Parameter.textArray(keywords.map(\.1.value))
        try connection.execute(insertKeywords, [keys, values])
        try connection.execute(joinKeywords, [.int64Array(keywords.map(\.0)), keys, values])
    }
}
