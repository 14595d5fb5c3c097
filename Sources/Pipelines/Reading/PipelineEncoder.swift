internal import Core
internal import OpenTelemetry

/// Pipelines and stages as JSON: members without a value are left out. Contract pipelogiq §7.3.
enum PipelineEncoder {
    /// What was just stored.
    static func write(_ new: NewPipeline, to body: inout JSONWriter) {
        body.member("id", new.id)
        body.member("name", new.name)
        body.member("traceId", new.shownTrace)
        let context = PipelineContext(traceID: new.traceID, flags: new.traceFlags, state: new.traceState)
        write(context, of: new.id, to: &body)
        body.member("status", PipelineStatus.notStarted.rawValue)
        body.member("createdAt", moment(new.createdAt))
        body.member("applicationId", new.applicationID)
        body.array("stages") { list in
            for (place, stage) in new.stages.enumerated() {
                list.object { object in
                    object.member("id", stage.id)
                    object.member("pipelineId", new.id)
                    write(span: stage.spanID, in: context, to: &object)
                    object.member("name", stage.name)
                    if let handler = stage.handler { object.member("stageHandlerName", handler) }
                    if let description = stage.description { object.member("description", description) }
                    object.member("status", StageStatus.notStarted.rawValue)
                    object.member("createdAt", moment(new.createdAt))
                    if let input = stage.input { object.member("input", input) }
                    if stage.isEvent { object.member("isEvent", true) }
                    if place + 1 < new.stages.count { object.member("nextStageId", new.stages[place + 1].id) }
                }
            }
        }
        write(new.lastItems, to: &body)
        write(new.keywords, to: &body)
        if new.stages.count == 1, new.stages[0].isEvent { body.member("isEvent", true) }
    }

    static func write(_ items: [NewPipeline.ContextItem], to body: inout JSONWriter) {
        guard !items.isEmpty else { return }
        NewPipeline.write(items, to: &body, as: "pipelineContextItems")
    }

    static func write(_ keywords: [NewPipeline.Pair], to body: inout JSONWriter) {
        guard !keywords.isEmpty else { return }
        body.array("pipelineKeywords") { list in
            for pair in keywords {
                list.object { element in
                    element.member("key", pair.key)
                    element.member("value", pair.value)
                }
            }
        }
    }

    /// What the pipeline's own requests carry on.
    static func write(_ context: PipelineContext?, of pipeline: Int64, to body: inout JSONWriter) {
        guard let context else { return }
        body.member("traceparent", context.parent(context.root(of: pipeline)))
        if let state = context.state { body.member("tracestate", state) }
    }

    /// The span of a stage, and what its requests carry on.
    static func write(span: String, in context: PipelineContext?, to object: inout JSONWriter) {
        object.member("spanId", span)
        if let context, let id = SpanID(lenient: span) { object.member("traceparent", context.parent(id)) }
    }

    /// RFC 3339 in UTC, with as many digits of fraction as it needs. Contract pipelogiq §0.3.
    static func moment(_ time: Timestamp) -> String {
        var text = time.iso8601().dropLast()
        while text.last == "0" { text = text.dropLast() }
        return "\(text.last == "." ? text.dropLast() : text)Z"
    }

    /// RFC 3339 in UTC in whole seconds: the observability endpoints show no fractions. Contract pipelogiq §0.3.
    static func wholeSeconds(_ time: Timestamp) -> String { "\(time.iso8601().prefix(19))Z" }

    /// A number as Go writes it: no fraction where there is none.
    static func member(_ name: String, _ number: Double, to body: inout JSONWriter) {
        if number == number.rounded(), abs(number) < 1e15 {
            body.member(name, Int64(number))
        } else {
            body.member(name, number)
        }
    }
}
