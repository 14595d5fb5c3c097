internal import API
internal import Configuration
internal import Core
internal import HTTP
internal import Ingest
internal import Postgres

/// What workers of pipelines say of themselves. Contract pipelogiq §7.4, §7.5.
struct WorkerRoutes: Sendable {
    typealias Refused = PipelinesSurface.Refused

    let surface: PipelinesSurface
    let settings: SettingValues
    let templates: (any LinkTemplateSource)?

    var all: [Endpoint] { PipelinesSurface.doubled([bootstrap, heartbeat, events, shutdown]) }

    // MARK: - Beginning

    private var bootstrap: Endpoint {
        surface.keyed(
            "/workers/bootstrap",
            "Begins the session of a worker.",
            .named(PipelineSchemas.bootstrap),
            answers: [
                APIAnswer(200, "The session and what the worker needs.", .named(PipelineSchemas.session))
            ]
        ) { request, caller throws(Refused) in
            let body = try PipelinesSurface.body(request)
            let key = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in try body.text("apiKey")
            }
            let application = try PipelinesSurface.application(request, caller, body: key)
            var worker = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in
                try WorkerBootstrap(body)
            }
            let token = WorkerSessions.token()
            worker.application = application
            worker.sessionHash = WorkerSessions.hash(token)
            worker.expiresAt = request.receivedAt + settings[PipelinesSettings.sessionLife]
            return try await begin(worker, token, request)
        }
    }

    private func begin(_ new: WorkerBootstrap, _ token: String, _ request: Request) async throws(Refused)
        -> Response
    {
        let (worker, id, links) = try await surface.ask("bootstrap") { connection in
            var worker = new
            worker.applicationID =
                new.application == PipelineEntry.nobody
                ? 0 : try PipelineNumbers.application(new.application, on: connection)
            let links = try templates?.templates(on: connection) ?? LinkTemplates()
            return (worker, try PipelineNumbers.worker(worker, on: connection), links)
        }
        let report = WorkerReport(workerID: id, word: .bootstrap(worker))
        switch try await surface.settle(.worker, report.line) {
        case .applied(.worker(let number)):
            surface.sessions.keep(
                .init(workerID: number, application: worker.application, expiresAt: worker.expiresAt),
                worker.sessionHash
            )
            return PlainAnswer.object { write(worker, number, token, links, request.receivedAt, to: &$0) }
        case .pending:
            throw Refused(.serviceUnavailable, "the database is away or busy: bootstrap again")
        case .applied, .refused: throw Refused(.internalServerError, "bootstrap failed: bootstrap again")
        }
    }

    private func write(
        _ worker: WorkerBootstrap,
        _ id: Int64,
        _ token: String,
        _ links: LinkTemplates,
        _ now: Timestamp,
        to body: inout JSONWriter
    ) {
        body.member("workerId", id)
        body.member("workerSessionToken", token)
        body.member("configVersion", now.iso8601())
        body.object("application") { application in
            application.member("applicationId", worker.applicationID)
            application.member("applicationName", worker.application)
            application.member("appId", worker.application)
        }
        // Weir has no broker: jobs are pulled, results are posted.
        body.object("messageBroker") { broker in
            broker.member("type", "http")
            broker.member("connectionString", "")
            broker.member("prefetch", 5)
            broker.member("topologyOwnership", "server-owned")
            broker.member("dlqEnabled", false)
            broker.member("dlqTtlSec", 0)
        }
        body.object("queues") { queues in
            queues.member("stageResult", "StageResult")
            queues.member("stageSetStatus", "StageSetStatus")
            queues.member("stageUpdatedFanout", "StageUpdated.fanout")
            queues.member("stageNextPattern", "{appId}_{handler}_StageNext")
        }
        body.object("heartbeat") { heartbeat in
            heartbeat.member("intervalSec", settings[PipelinesSettings.heartbeatEvery].components.seconds)
            heartbeat.member("offlineAfterSec", settings[PipelinesSettings.offlineAfter].components.seconds)
        }
        body.object("observability") { observability in
            if let trace = links.trace { observability.member("traceLinkTemplate", trace.text) }
            if let logs = links.logs { observability.member("logsLinkTemplate", logs.text) }
        }
    }

    // MARK: - Living and ending

    private var heartbeat: Endpoint {
        said("/workers/heartbeat", "Says that a worker lives, and how it is.", PipelineSchemas.heartbeat) {
            body,
            _ throws(BodyReader.Mistake) in
            (.heartbeat(try WorkerHeartbeat(body)), nil)
        }
    }

    private var events: Endpoint {
        said("/workers/events", "Keeps events of a worker.", PipelineSchemas.workerEvents) {
            body,
            _ throws(BodyReader.Mistake) in
            let most = settings[PipelinesSettings.mostEvents]
            let nodes = try body.list("events", atMost: .max)
            guard !nodes.isEmpty else { throw .init("events are required") }
            guard nodes.count <= most else { throw .init("too many events in one batch") }
            var events: [WorkerEvent] = []
            for node in nodes { events.append(try WorkerEvent(BodyReader(node))) }
            return (.events(events), events.count)
        }
    }

    private var shutdown: Endpoint {
        said(
            "/workers/shutdown",
            "Ends a worker.",
            PipelineSchemas.shutdown,
            checksExpiry: false
        ) { body, _ throws(BodyReader.Mistake) in
            (.shutdown(reason: try body.word("reason", atMost: 2000)), nil)
        }
    }

    private func said(
        _ path: String,
        _ summary: String,
        _ schema: APISchema,
        checksExpiry: Bool = true,
        _ read:
            @escaping @Sendable (BodyReader, Request) throws(BodyReader.Mistake) -> (
                WorkerReport.Word, accepted: Int?
            )
    ) -> Endpoint {
        surface.keyed(
            path,
            summary,
            .named(schema),
            answers: [APIAnswer(200, "It is kept.", .named(PipelineSchemas.heard))]
        ) { request, _ throws(Refused) in
            let tokens = CallerKeys.sessionTokens(request)
            guard !tokens.isEmpty else {
                throw Refused(PlainAnswer.unauthorized("worker session token is required"))
            }
            let body = try PipelinesSurface.body(request)
            let id = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in try body.id("workerId") }
            guard let id, id > 0 else { throw Refused(.badRequest, "workerId is required") }
            try await check(tokens, id, expiry: checksExpiry ? request.receivedAt : nil)
            let (word, accepted) = try PipelinesSurface.reading { () throws(BodyReader.Mistake) in
                try read(body, request)
            }
            let report = WorkerReport(workerID: id, word: word)
            try await surface.write(report.kind, report.line)
            return PlainAnswer.object { answer in
                answer.member("status", "ok")
                if let accepted { answer.member("acceptedCount", accepted) }
                answer.member("workerId", id)
            }
        }
    }

    /// Refuses a token that is unknown, another worker's, or has expired.
    private func check(_ tokens: [String], _ id: Int64, expiry now: Timestamp?) async throws(Refused) {
        for token in tokens {
            switch await surface.sessions.find(token) {
            case .session(let session):
                guard session.workerID == id, now.map({ $0 < session.expiresAt }) ?? true else { continue }
                return
            case .unavailable:
                throw Refused(.serviceUnavailable, "the session cannot be checked now: send it again")
            case .unknown: continue
            }
        }
        throw Refused(PlainAnswer.unauthorized("invalid worker session"))
    }
}
