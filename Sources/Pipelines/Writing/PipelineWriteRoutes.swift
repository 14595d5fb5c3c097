internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import OpenTelemetry

/// New pipelines, and what workers and programs say of them. Contract pipelogiq §7.3.
struct PipelineWriteRoutes: Sendable {
    typealias Refused = PipelinesSurface.Refused

    let surface: PipelinesSurface
    let metrics: PipelinesMetrics
    let mostStages: Int

    var all: [Endpoint] { PipelinesSurface.doubled([create, result, status, log]) }

    // MARK: - Pipelines

    private var create: Endpoint {
        surface.keyed(
            "/pipelines",
            "Makes a pipeline with its stages.",
            .named(PipelineSchemas.newPipeline),
            answers: [APIAnswer(200, "It is stored.", .named(PipelineSchemas.pipeline))]
        ) { request, caller throws(Refused) in
            let body = try PipelinesSurface.body(request)
            let key = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in try body.text("apiKey")
            }
            let application = try PipelinesSurface.application(request, caller, body: key)
            var new = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in
                try NewPipeline(body, mostStages: mostStages)
            }
            let fields = request.head.fields
            let sent = SentTrace(
                fields: new.traceParents,
                header: fields.values("traceparent"),
                states: fields.values("tracestate")
            )
            metrics.contexts.count(sent)
            new.take(PipelineTrace(body: new.traceText, sent: sent))
            new.application = application
            new.createdAt = request.receivedAt
            return try await store(try await numbered(new))
        }
    }

    private func numbered(_ new: NewPipeline) async throws(Refused) -> NewPipeline {
        try await surface.ask("create pipeline") { connection in
            var pipeline = new
            pipeline.applicationID =
                new.application == PipelineEntry.nobody
                ? 0 : try PipelineNumbers.application(new.application, on: connection)
            let numbers = try PipelineNumbers.reserve(stages: new.stages.count, on: connection)
            pipeline.id = numbers.pipeline
            for (index, id) in numbers.stages.enumerated() { pipeline.stages[index].id = id }
            return pipeline
        }
    }

    private func store(_ new: NewPipeline) async throws(Refused) -> Response {
        switch try await surface.settle(.create, new.line) {
        // It is durable, and its numbers are given: a client must not take that for a failure.
        case .applied(.created), .pending:
            metrics.created()
            return PlainAnswer.object { PipelineEncoder.write(new, to: &$0) }
        case .applied, .refused:
            throw Refused(.internalServerError, "failed to create pipeline: see `weir dead-letters list`")
        }
    }

    // MARK: - Stages

    private var result: Endpoint {
        report("/stages/{stageId}/result", "Says how an attempt of a stage ended.", PipelineSchemas.result) {
            body,
            id,
            application throws(BodyReader.Mistake) in
            try .result(body, of: id, by: application)
        }
    }

    private var status: Endpoint {
        report("/stages/{stageId}/status", "Says what a stage is doing.", PipelineSchemas.status) {
            body,
            id,
            application throws(BodyReader.Mistake) in
            try .status(body, of: id, by: application)
        }
    }

    private func report(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        _ read: @escaping @Sendable (BodyReader, Int64, String) throws(BodyReader.Mistake) -> StageReport
    ) -> Endpoint {
        surface.keyed(
            path,
            summary,
            .named(schema),
            answers: [
                APIAnswer(200, "The stage's status now.", .named(PipelineSchemas.reported)),
                APIAnswer(202, "It is kept; the status is not known yet.", .named(PipelineSchemas.accepted)),
                PipelinesSurface.text(404, "There is no such stage, or it is another application's."),
                PipelinesSurface.text(409, "The stage is not active: a duplicate, or too late."),
            ]
        ) { request, caller throws(Refused) in
            let application = try await surface.application(request, caller)
            guard let id = Int64(request.parameters["stageId"] ?? ""), id > 0 else {
                throw Refused(.notFound, "stage not found")
            }
            let body = try PipelinesSurface.body(request)
            let report = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in
                try read(body, id, application)
            }
            return try await settle(report)
        }
    }

    private func settle(_ report: StageReport) async throws(Refused) -> Response {
        switch try await surface.settle(report.kind, report.line) {
        case .applied(.stage(let status)):
            return PlainAnswer.object { body in
                body.member("status", "ok")
                body.member("stageStatus", status.rawValue)
            }
        case .applied(.notActive(let status)):
            throw Refused(.conflict, "stage is not active: it is \(status.rawValue)")
        case .applied: throw Refused(.notFound, "stage not found")
        case .pending: return PlainAnswer.object(.accepted) { $0.member("status", "ok") }
        case .refused:
            metrics.resultFailed()
            throw Refused(.internalServerError, "failed to store: see `weir dead-letters list`")
        }
    }

    // MARK: - Logs

    private var log: Endpoint {
        surface.keyed(
            "/logs",
            "Stores what a program logs beside any stage.",
            .named(PipelineSchemas.log),
            answers: [APIAnswer(200, "It is kept.", .named(PipelineSchemas.logged))]
        ) { request, caller throws(Refused) in
            let body = try PipelinesSurface.body(request)
            let key = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in try body.text("apiKey")
            }
            let application: String
            if let key, !key.isEmpty {
                application = try PipelinesSurface.application(request, caller, body: key)
            } else {
                application = try await surface.application(request, caller)
            }
            var log = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in try ApplicationLog(body)
            }
            log.application = application
            // Above 2^53 a JavaScript client would round it.
            log.id = request.receivedAt.microseconds * 4 + Int64.random(in: 0..<4)
            try await surface.write(.log, log.line)
            return PlainAnswer.object { answer in
                answer.member("id", log.id)
                log.writeMembers(to: &answer)
            }
        }
    }
}
