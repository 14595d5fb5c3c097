internal import Core

/// Pipelines and stages as JSON: members without a value are left out. Contract pipelogiq §7.3.
enum PipelineEncoder {
    /// What was just stored.
    static func write(_ new: NewPipeline, to body: inout JSONWriter) {
        body.member("id", new.id)
        body.member("name", new.name)
        body.member("traceId", new.shownTrace)
        body.member("status", PipelineStatus.notStarted.rawValue)
        body.member("createdAt", new.createdAt.iso8601())
        body.member("applicationId", new.applicationID)
        body.array("stages") { list in
            for (place, stage) in new.stages.enumerated() {
                list.object { object in
                    object.member("id", stage.id)
                    object.member("pipelineId", new.id)
                    object.member("spanId", stage.spanID)
                    object.member("name", stage.name)
                    if let handler = stage.handler { object.member("stageHandlerName", handler) }
                    if let description = stage.description { object.member("description", description) }
                    object.member("status", StageStatus.notStarted.rawValue)
                    object.member("createdAt", new.createdAt.iso8601())
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

    /// Seconds since 1970 in whole seconds, RFC 3339: the observability endpoints show no fractions.
    static func wholeSeconds(_ time: Timestamp) -> String {
        let second: Int64 = 1_000_000
        let rest = ((time.microseconds % second) + second) % second
        return Timestamp(microseconds: time.microseconds - rest).iso8601()
    }

    /// A number as Go writes it: no fraction where there is none.
    static func member(_ name: String, _ number: Double, to body: inout JSONWriter) {
        if number == number.rounded(), abs(number) < 1e15 {
            body.member(name, Int64(number))
        } else {
            body.member(name, number)
        }
    }
}
