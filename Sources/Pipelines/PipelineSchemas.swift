internal import API

/// Bodies and answers of the endpoints of pipelines as `/openapi.json` describes them. Contract pipelogiq §7.
enum PipelineSchemas {
    private typealias Member = APISchema.Member

    private static func text(_ longest: Int) -> APIType {
        var type = APIType.sentText
        type.longest = longest
        return type
    }

    private static func optional(_ name: String, _ type: APIType) -> Member {
        Member(name, type, isRequired: false)
    }

    private static let word = APIType.matching(#"^[^\u0000]*\S[^\u0000]*$"#)
    private static let int32 = APIType.integer(Int64(Int32.min)...Int64(Int32.max))

    private static let pair = APISchema(
        "PipelineKeyword",
        [optional("key", text(255).orNull), optional("value", text(255).orNull)]
    )
    private static let item = APISchema(
        "PipelineContextItem",
        [
            optional("key", text(255).orNull), optional("value", APIType.sentText.orNull),
            optional("valueType", text(50).orNull),
        ]
    )

    // MARK: - Bodies

    private static let options = APISchema(
        "StageOptions",
        [
            optional("runNextIfFailed", APIType.flag.orNull), optional("retryInterval", int32.orNull),
            optional("timeOut", int32.orNull), optional("maxRetries", int32.orNull),
            optional("dependsOn", APIType.list(.sentText).orNull),
            optional("runInParallelWith", APIType.list(.sentText).orNull),
            optional("failIfOutputEmpty", APIType.flag.orNull),
            optional("notifyOnFailure", APIType.flag.orNull), optional("runAsUser", APIType.sentText.orNull),
        ]
    )

    private static let newStage = APISchema(
        "NewStage",
        [
            Member("stageName", word), optional("stageHandlerName", text(300).orNull),
            optional("description", APIType.sentText.orNull), optional("input", APIType.sentText.orNull),
            optional("isEvent", APIType.flag.orNull), optional("runNextIfFailed", APIType.flag.orNull),
            optional("options", APIType.any(of: [.named(options), .null])),
        ]
    )

    static let newPipeline = APISchema(
        "NewPipeline",
        [
            optional("apiKey", APIType.sentText.orNull), Member("name", word),
            optional("traceId", text(36).orNull), Member("stages", .list(.named(newStage))),
            optional("pipelineKeywords", APIType.list(.named(pair)).orNull),
            optional("pipelineContextItems", APIType.list(.named(item)).orNull),
        ]
    )

    private static let logLine = APISchema(
        "StageLogLine",
        [
            optional("message", APIType.sentText.orNull), optional("logLevel", text(50).orNull),
            optional("created", APIType.moment.orNull),
        ]
    )

    static let result = APISchema(
        "StageResult",
        [
            Member("isSuccess", .flag), optional("result", APIType.sentText.orNull),
            optional("logs", APIType.list(.named(logLine)).orNull),
            optional("contextItems", APIType.list(.named(item)).orNull),
        ]
    )

    static let status = APISchema(
        "StageStatusReport",
        [Member("status", .word(StageStatus.allCases.map(\.rawValue)))]
    )

    static let log = APISchema(
        "ApplicationLog",
        [
            optional("apiKey", APIType.sentText.orNull), optional("message", APIType.sentText.orNull),
            optional("logLevel", text(50).orNull), optional("created", APIType.moment.orNull),
            optional("keywords", APIType.list(.named(pair)).orNull),
        ]
    )

    static let bootstrap = APISchema(
        "WorkerBootstrap",
        [
            optional("apiKey", APIType.sentText.orNull), Member("workerName", word),
            optional("instanceId", text(255).orNull), optional("workerVersion", text(255).orNull),
            optional("sdkVersion", text(255).orNull), optional("environment", text(255).orNull),
            optional("hostName", text(255).orNull), optional("pid", APIType(.integer).orNull),
            optional("supportedHandlers", APIType(.array).orNull),
            optional("capabilities", APIType.object.orNull), optional("metadata", APIType.object.orNull),
        ]
    )

    static let heartbeat = APISchema(
        "WorkerHeartbeat",
        [
            Member("workerId", .integer(1)), optional("state", text(255).orNull),
            optional("uptimeSec", APIType(.integer).orNull), optional("brokerConnected", APIType.flag.orNull),
            optional("inFlightJobs", APIType(.integer).orNull),
            optional("jobsProcessed", APIType(.integer).orNull),
            optional("jobsFailed", APIType(.integer).orNull), optional("queueLag", APIType(.integer).orNull),
            optional("cpuPercent", APIType.number.orNull), optional("memoryMb", APIType.number.orNull),
            optional("lastError", text(10_000).orNull), optional("message", text(10_000).orNull),
            optional("metadata", APIType.object.orNull),
        ]
    )

    private static let workerEvent = APISchema(
        "WorkerEvent",
        [
            optional("ts", APIType.moment.orNull), optional("level", text(255).orNull),
            optional("eventType", text(255).orNull), optional("message", text(10_000).orNull),
            optional("details", APIType.object.orNull),
        ]
    )

    static let workerEvents = APISchema(
        "WorkerEvents",
        [Member("workerId", .integer(1)), Member("events", .list(.named(workerEvent)))]
    )

    static let shutdown = APISchema(
        "WorkerShutdown",
        [Member("workerId", .integer(1)), optional("reason", text(2000).orNull)]
    )

    static let rerun = APISchema(
        "StageRerun",
        [Member("stageId", .integer(1)), optional("rerunAllNextStages", APIType.flag.orNull)]
    )

    static let skip = APISchema("StageSkip", [Member("stageId", .integer(1))])

    // MARK: - Answers

    static let pipeline = APISchema(
        "Pipeline",
        [
            Member("id", .integer(1)), Member("name", .text), optional("traceId", .text),
            optional("traceparent", .text.noting("For requests on its behalf; each stage has its own.")),
            optional("tracestate", .text), Member("status", .word(PipelineStatus.allCases.map(\.rawValue))),
            Member("createdAt", .moment),
            optional("finishedAt", .moment), optional("applicationId", .count),
            optional("stageStatuses", .list(.text)), optional("stages", .list(.object)),
            optional("pipelineContextItems", .list(.object)), optional("pipelineKeywords", .list(.object)),
            optional("isEvent", .flag), optional("traceUrl", .text), optional("logsUrl", .text),
        ]
    )

    static let pipelines = APISchema(
        "Pipelines",
        [
            Member("items", .list(.named(pipeline))), Member("totalCount", .count),
            optional("totalCapped", .flag),
            Member("pageNumber", .integer(1)), Member("pageSize", .integer(1)),
        ]
    )

    static let reported = APISchema(
        "StageReported",
        [Member("status", .text), Member("stageStatus", .word(StageStatus.allCases.map(\.rawValue)))]
    )
    static let accepted = APISchema("StageAccepted", [Member("status", .text)])
    static let logged = APISchema(
        "ApplicationLogged",
        [
            Member("id", .count), optional("message", .text), optional("logLevel", .text),
            optional("created", .moment), optional("keywords", .list(.named(pair))),
        ]
    )
    static let heard = APISchema(
        "WorkerHeard",
        [Member("status", .text), Member("workerId", .count), optional("acceptedCount", .count)]
    )
    static let session = APISchema(
        "WorkerSession",
        [
            Member("workerId", .count), Member("workerSessionToken", .text), Member("configVersion", .moment),
            Member("application", .object), Member("messageBroker", .object), Member("queues", .object),
            Member("heartbeat", .object), Member("observability", .object),
        ]
    )
    static let workers = APISchema(
        "PipelineWorkers",
        [
            Member("items", .list(.object)), Member("totalCount", .count), Member("onlineCount", .count),
            Member("offlineCount", .count), Member("degradedCount", .count),
            Member("offlineAfterSec", .count),
        ]
    )
}
