internal import Core
internal import OpenTelemetry

/// A pipeline as its client sends it, and as its line holds it with the ids that it was given.
struct NewPipeline: Hashable, Sendable {
    var id: Int64 = 0
    var applicationID: Int64 = 0
    var application = ""
    var name: String
    var createdAt = Timestamp.epoch
    /// What the client sent.
    var traceText: String?
    var shownTrace = ""
    var traceID = ""
    var parentID: String?
    var traceFlags = 1
    var traceState: String?
    var stages: [NewStage]
    var keywords: [Pair]
    var items: [ContextItem]

    /// A keyword.
    struct Pair: Hashable, Sendable {
        let key: String
        let value: String
    }

    /// A value that stages share.
    struct ContextItem: Hashable, Sendable {
        let key: String
        let value: String
        let type: String
    }

    static let mostItems = 1000

    /// Reads a client's body.
    init(_ body: BodyReader, mostStages: Int) throws(BodyReader.Mistake) {
        let nodes = try body.list("stages", atMost: mostStages)
        guard let name = try body.word("name"), !nodes.isEmpty else {
            throw .init("name and stages are required")
        }
        self.name = name
        traceText = try body.text("traceId", atMost: PipelineTrace.mostCharacters)
        stages = []
        for node in nodes { stages.append(try NewStage(BodyReader(node))) }
        keywords = try Self.keywords(body, "pipelineKeywords")
        items = try Self.items(body, "pipelineContextItems")
    }

    static func keywords(_ body: BodyReader, _ name: String) throws(BodyReader.Mistake) -> [Pair] {
        var pairs: [Pair] = []
        for node in try body.list(name, atMost: mostItems) {
            let reader = try BodyReader(node)
            let pair = Pair(
                key: try reader.text("key", atMost: 255) ?? "",
                value: try reader.text("value", atMost: 255) ?? ""
            )
            if !pairs.contains(pair) { pairs.append(pair) }
        }
        return pairs
    }

    static func items(_ body: BodyReader, _ name: String) throws(BodyReader.Mistake) -> [ContextItem] {
        var items: [ContextItem] = []
        for node in try body.list(name, atMost: mostItems) {
            let reader = try BodyReader(node)
            items.append(
                ContextItem(
                    key: try reader.text("key", atMost: 255) ?? "",
                    value: try reader.text("value") ?? "",
                    type: try reader.word("valueType", atMost: 50) ?? "string"
                )
            )
        }
        return items
    }

    /// Values of the context items that carry a trace.
    var traceParents: [String] {
        items.filter { $0.key.lowercased() == "traceparent" }.map(\.value)
    }

    mutating func take(_ trace: PipelineTrace) {
        shownTrace = trace.shown
        traceID = "\(trace.id)"
        parentID = trace.parent.map { "\($0)" }
        traceFlags = trace.flags
        traceState = trace.state?.header
        for index in stages.indices { stages[index].spanID = "\(SpanID.random())" }
    }

    /// The last value of each key, in the order of their last places.
    var lastItems: [ContextItem] {
        var seen: Set<String> = []
        return items.reversed().filter { seen.insert($0.key).inserted }.reversed()
    }
}

/// A stage of a new pipeline.
struct NewStage: Hashable, Sendable {
    var id: Int64 = 0
    var spanID = ""
    var name: String
    var handler: String?
    var description: String?
    var input: String?
    var isEvent: Bool
    var options: StageOptions

    init(_ body: BodyReader) throws(BodyReader.Mistake) {
        guard let name = try body.word("stageName") else {
            throw .init("invalid payload: a stage has no stageName")
        }
        self.name = name
        handler = try body.word("stageHandlerName", atMost: 300)
        description = try body.text("description")
        input = try body.text("input")
        isEvent = try body.flag("isEvent") ?? false
        options = try StageOptions(
            body.node("options").map { node throws(BodyReader.Mistake) in try BodyReader(node) }
        )
        if try body.flag("runNextIfFailed") == true { options.runNextIfFailed = true }
    }
}

/// How a stage is to be done.
struct StageOptions: Hashable, Sendable {
    var runNextIfFailed = false
    /// In seconds; 0 for none.
    var retryInterval = 0
    /// In seconds; 0 for none.
    var timeOut = 0
    var maxRetries = 0
    var dependsOn: [String] = []
    var runInParallelWith: [String] = []
    var failIfOutputEmpty = false
    var notifyOnFailure = false
    var runAsUser: String?

    init() {}

    init(_ body: BodyReader?) throws(BodyReader.Mistake) {
        guard let body else { return }
        runNextIfFailed = try body.flag("runNextIfFailed") ?? false
        retryInterval = max(0, try body.integer("retryInterval") ?? 0)
        timeOut = max(0, try body.integer("timeOut") ?? 0)
        maxRetries = max(0, try body.integer("maxRetries") ?? 0)
        dependsOn = try body.texts("dependsOn", atMost: 1000)
        runInParallelWith = try body.texts("runInParallelWith", atMost: 1000)
        failIfOutputEmpty = try body.flag("failIfOutputEmpty") ?? false
        notifyOnFailure = try body.flag("notifyOnFailure") ?? false
        runAsUser = try body.text("runAsUser")
    }
}
