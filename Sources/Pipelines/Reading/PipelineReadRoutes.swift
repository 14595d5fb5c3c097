internal import API
internal import Configuration
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// Pipelines as dashboards read them, and what operators do with them. Contract pipelogiq §7.7.
struct PipelineReadRoutes: Sendable {
    typealias Refused = PipelinesSurface.Refused

    let surface: PipelinesSurface
    let templates: (any LinkTemplateSource)?
    let limits: InsightLimits

    var all: [Endpoint] { PipelinesSurface.doubled([list, detail, rerun, skip]) }

    private static let page = PipelinesSurface.Bounded(
        "pageNumber",
        to: 1_000_000,
        fallback: 1,
        "Which page."
    )
    private static let size = PipelinesSurface.Bounded(
        "pageSize",
        to: 500,
        fallback: 10,
        "How many on a page."
    )
    private static let application = APIParameter.integer(
        "applicationId",
        0...9_007_199_254_740_991,
        "Only this application's."
    )
    private static let search = APIParameter.text(
        "search",
        "Part of the name or of the trace id, or the number."
    )
    private static let times = [
        APIParameter.time("pipelineStartFrom", "Made at this time or later."),
        APIParameter.time("pipelineStartTo", "Made at this time or earlier."),
        APIParameter.time("pipelineEndFrom", "Ended at this time or later."),
        APIParameter.time("pipelineEndTo", "Ended at this time or earlier."),
    ]

    // MARK: - Reading

    private var list: Endpoint {
        surface.reading(
            "/pipelines",
            "Pipelines, the newest first.",
            [
                Self.page.parameter, Self.size.parameter, Self.application, Self.search,
                .text("keywords", "Having this keyword; repeat it."),
                .text("statuses", "In this status; repeat it."),
            ] + Self.times,
            answers: [APIAnswer(200, "A page.", .named(PipelineSchemas.pipelines))],
            reading: { reader in
                var query = PipelinesStore.Query()
                query.page = Self.page.value(&reader)
                query.size = Self.size.value(&reader)
                query.application = reader.number(Self.application)?.clamped
                query.search = reader.text(Self.search).flatMap { $0.trimmed.isEmpty ? nil : $0.trimmed }
                query.startFrom = reader.time(Self.times[0])
                query.startTo = reader.time(Self.times[1])
                query.endFrom = reader.time(Self.times[2])
                query.endTo = reader.time(Self.times[3])
                return query
            },
            answer: { request, query, connection in
                var query = query
                query.keywords = request.query.all("keywords").filter { !$0.isEmpty && !$0.utf8.contains(0) }
                query.statuses = request.query.all("statuses").filter { !$0.isEmpty && !$0.utf8.contains(0) }
                let store = PipelinesStore(connection: connection)
                let found = try store.list(query, limits)
                let links = try templates?.templates(on: connection) ?? LinkTemplates()
                return PlainAnswer.object { body in
                    body.array("items") { list in
                        for pipeline in found.page {
                            list.object { PipelineEncoder.write(pipeline, links, to: &$0) { _ in } }
                        }
                    }
                    body.member("totalCount", found.total)
                    if found.total >= Int64(limits.samples) { body.member("totalCapped", true) }
                    body.member("pageNumber", query.page)
                    body.member("pageSize", query.size)
                }
            }
        )
    }

    private var detail: Endpoint {
        surface.plain(
            .get,
            "/pipelines/{id}",
            scope: .read,
            "One pipeline with its stages, their texts and logs.",
            answers: [
                APIAnswer(200, "The pipeline.", .named(PipelineSchemas.pipeline)),
                PipelinesSurface.text(404, "There is no such pipeline."),
            ]
        ) { request throws(Refused) in
            guard let id = Int64(request.parameters["id"] ?? ""), id > 0 else {
                throw Refused(.notFound, "pipeline not found")
            }
            return await surface.reader.answer(.plain) { connection in
                let store = PipelinesStore(connection: connection)
                guard let pipeline = try store.fetchOne(id) else {
                    return PlainAnswer.error(.notFound, "pipeline not found")
                }
                let logs = try store.logs(id)
                let shared = try store.items(id)
                let links = try templates?.templates(on: connection) ?? LinkTemplates()
                return PlainAnswer.object { body in
                    PipelineEncoder.write(pipeline, links, to: &body) { body in
                        PipelineEncoder.write(stages: pipeline, logs, links, to: &body)
                        PipelineEncoder.write(shared.items, to: &body)
                        PipelineEncoder.write(shared.keywords, to: &body)
                    }
                }
            }
        }
    }

    // MARK: - Acting

    private var rerun: Endpoint {
        act(
            "/pipelines/rerunStage",
            "Has a stage done again, or it and all later ones.",
            PipelineSchemas.rerun
        ) {
            body,
            id throws(BodyReader.Mistake) in
            var report = StageReport(stageID: id, application: "", change: .rerun)
            report.includesLater = try body.flag("rerunAllNextStages") ?? false
            return report
        }
    }

    private var skip: Endpoint {
        act("/pipelines/skipStage", "Leaves a stage out.", PipelineSchemas.skip) { _, id in
            StageReport(stageID: id, application: "", change: .skip)
        }
    }

    private func act(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        _ read: @escaping @Sendable (BodyReader, Int64) throws(BodyReader.Mistake) -> StageReport
    ) -> Endpoint {
        surface.plain(
            .post,
            path,
            scope: .admin,
            summary,
            request: .named(schema),
            answers: [
                APIAnswer(200, "It is done; the body is empty.", contents: []),
                APIAnswer(202, "It is kept and will be done; the body is empty.", contents: []),
                PipelinesSurface.text(404, "There is no such stage."),
            ]
        ) { request throws(Refused) in
            let body = try PipelinesSurface.body(request)
            let id = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in try body.id("stageId") }
            guard let id, id > 0 else { throw Refused(.badRequest, "invalid payload: stageId is missing") }
            var report = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in try read(body, id) }
            report.isOperator = true
            switch try await surface.settle(report.kind, report.line) {
            case .applied(.stage): return Response(status: .ok)
            case .applied: throw Refused(.notFound, "stage not found")
            case .pending: return Response(status: .accepted)
            case .refused: throw Refused(.internalServerError, "failed: see `weir dead-letters list`")
            }
        }
    }
}

extension PipelineEncoder {
    /// A stored pipeline; `details` writes what only the detail has.
    static func write(
        _ pipeline: PipelinesStore.Found,
        _ links: LinkTemplates,
        to body: inout JSONWriter,
        details: (inout JSONWriter) -> Void
    ) {
        body.member("id", pipeline.id)
        body.member("name", pipeline.name)
        if let trace = pipeline.shownTrace { body.member("traceId", trace) }
        write(pipeline.context, of: pipeline.id, to: &body)
        body.member("status", PipelineStatus(of: pipeline.stages.map(\.state.status)).rawValue)
        body.member("createdAt", moment(pipeline.createdAt))
        if let finished = pipeline.finishedAt { body.member("finishedAt", moment(finished)) }
        body.member("applicationId", pipeline.applicationID)
        body.array("stageStatuses") { list in
            for stage in pipeline.stages { list.value(stage.state.status.rawValue) }
        }
        details(&body)
        if pipeline.stages.count == 1, pipeline.stages[0].state.isEvent { body.member("isEvent", true) }
        let values: [LinkTemplate.Placeholder: String] = [
            .traceID: pipeline.shownTrace ?? "", .executionID: "\(pipeline.id)", .pipelineName: pipeline.name,
            .timestampMs: "\(pipeline.createdAt.microseconds / 1000)",
        ]
        if let template = links.trace, pipeline.shownTrace != nil {
            body.member("traceUrl", template.link(values))
        }
        if let template = links.logs { body.member("logsUrl", template.link(values)) }
    }

    static func write(
        stages pipeline: PipelinesStore.Found,
        _ logs: [Int64: [(at: Timestamp, level: String, text: String)]],
        _ links: LinkTemplates,
        to body: inout JSONWriter
    ) {
        body.array("stages") { list in
            for (place, stage) in pipeline.stages.enumerated() {
                let next = place + 1 < pipeline.stages.count ? pipeline.stages[place + 1].state.id : nil
                list.object {
                    write(stage, in: pipeline.context, next: next, logs[stage.state.id] ?? [], to: &$0)
                }
            }
        }
    }

    private static func write(
        _ stage: PipelinesStore.StageRow,
        in context: PipelineContext?,
        next: Int64?,
        _ logs: [(at: Timestamp, level: String, text: String)],
        to object: inout JSONWriter
    ) {
        let state = stage.state
        object.member("id", state.id)
        object.member("pipelineId", state.pipelineID)
        if let span = stage.spanID { write(span: span, in: context, to: &object) }
        object.member("name", state.name)
        if let handler = stage.handler { object.member("stageHandlerName", handler) }
        if let description = stage.description { object.member("description", description) }
        object.member("status", state.status.rawValue)
        object.member("createdAt", moment(stage.createdAt))
        if let started = state.startedAt { object.member("startedAt", moment(started)) }
        if let finished = state.finishedAt { object.member("finishedAt", moment(finished)) }
        if let input = stage.input { object.member("input", input) }
        if let output = stage.output { object.member("output", output) }
        if state.isSkipped { object.member("isSkipped", true) }
        if state.isEvent { object.member("isEvent", true) }
        if let next { object.member("nextStageId", next) }
        guard !logs.isEmpty else { return }
        object.array("logs") { list in
            for log in logs {
                list.object { line in
                    line.member("stageId", state.id)
                    line.member("message", log.text)
                    line.member("logLevel", log.level)
                    line.member("created", moment(log.at))
                }
            }
        }
    }
}
