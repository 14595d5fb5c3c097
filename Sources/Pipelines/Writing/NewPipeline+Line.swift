internal import Core

// The body of a line `pipeline.create/1`: what the client sent by the client's names, and beside it what Weir gave.

extension NewPipeline {
    /// The body of the line.
    var line: [UInt8] {
        var writer = JSONWriter(reservingCapacity: 400 + 300 * stages.count)
        writer.object { line in
            line.member("id", id)
            line.member("application_id", applicationID)
            line.member("application", application)
            line.member("created_at", createdAt.iso8601())
            line.member("trace", shownTrace)
            line.member("w3c_trace", traceID)
            if let parentID { line.member("parent_span", parentID) }
            line.member("trace_flags", traceFlags)
            if let traceState { line.member("tracestate", traceState) }
            line.member("name", name)
            line.array("stages") { list in
                for stage in stages { stage.write(to: &list) }
            }
            line.array("pipelineKeywords") { list in
                for pair in keywords {
                    list.object { element in
                        element.member("key", pair.key)
                        element.member("value", pair.value)
                    }
                }
            }
            Self.write(items, to: &line, as: "pipelineContextItems")
        }
        return writer.bytes
    }

    static func write(_ items: [ContextItem], to line: inout JSONWriter, as name: String) {
        line.array(name) { list in
            for item in items {
                list.object { element in
                    element.member("key", item.key)
                    element.member("value", item.value)
                    element.member("valueType", item.type)
                }
            }
        }
    }

    /// Reads the body of a line.
    init(line body: BodyReader) throws(BodyReader.Mistake) {
        try self.init(body, mostStages: .max)
        guard let id = try body.id("id"), let applicationID = try body.id("application_id"),
            let createdAt = try body.time("created_at"), let trace = try body.text("w3c_trace")
        else { throw .init("not a new pipeline") }
        self.id = id
        self.applicationID = applicationID
        self.createdAt = createdAt
        application = try body.text("application") ?? ""
        traceID = trace
        shownTrace = try body.text("trace") ?? trace
        parentID = try body.text("parent_span")
        traceFlags = try body.integer("trace_flags") ?? 1
        traceState = try body.text("tracestate")
        for (index, node) in try body.list("stages", atMost: .max).enumerated() {
            let stage = try BodyReader(node)
            guard let id = try stage.id("id"), let span = try stage.text("span") else {
                throw .init("not a new stage")
            }
            stages[index].id = id
            stages[index].spanID = span
        }
    }
}

extension NewStage {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { stage in
            stage.member("id", id)
            stage.member("span", spanID)
            stage.member("stageName", name)
            if let handler { stage.member("stageHandlerName", handler) }
            if let description { stage.member("description", description) }
            if let input { stage.member("input", input) }
            if isEvent { stage.member("isEvent", true) }
            if options != StageOptions() { stage.object("options") { options.write(to: &$0) } }
        }
    }
}

extension StageOptions {
    fileprivate func write(to object: inout JSONWriter) {
        object.member("runNextIfFailed", runNextIfFailed)
        object.member("retryInterval", retryInterval)
        object.member("timeOut", timeOut)
        object.member("maxRetries", maxRetries)
        object.array("dependsOn") { list in for name in dependsOn { list.value(name) } }
        object.array("runInParallelWith") { list in for name in runInParallelWith { list.value(name) } }
        object.member("failIfOutputEmpty", failIfOutputEmpty)
        object.member("notifyOnFailure", notifyOnFailure)
        if let runAsUser { object.member("runAsUser", runAsUser) }
    }
}
