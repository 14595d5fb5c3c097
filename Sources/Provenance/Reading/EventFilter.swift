internal import Core
internal import Ingest
internal import Postgres

/// Which events a client wants. Contract beampipe §11.4.
struct EventFilter: Sendable {
    var project: String?
    /// Whole names, or families with a dot at their ends; any of them. Empty for all.
    var types: [String] = []
    var execution: UUID128?
    var source: String?
    var actor: String?
    var correlation: String?
    /// Inclusive.
    var since: Timestamp?
    /// Exclusive.
    var until: Timestamp?

    /// Adds the conditions for rows `e` of `provenance_events`; `time` is the column of their times.
    func require(in conditions: inout SQLConditions, time: String = "e.occurred_at") {
        conditions.require("e.project_module", equals: project.map(Parameter.text))
        conditions.require("e.execution_id", equals: execution.map(Parameter.uuid))
        conditions.require("e.actor", equals: actor.map(Parameter.text))
        conditions.require("e.correlation_id", equals: correlation.map(Parameter.text))
        if let source {
            conditions.require("e.source_identifiers @> ARRAY[\(conditions.place(.text(source)))::text]")
        }
        if let since { conditions.require("\(time) >= \(conditions.place(.timestamp(since)))") }
        if let until { conditions.require("\(time) < \(conditions.place(.timestamp(until)))") }
        guard !types.isEmpty else { return }
        let alternatives = types.map { type in
            guard type.hasSuffix(".") else { return "e.event_type = \(conditions.place(.text(type)))" }
            // `/` comes behind the dot.
            let start = conditions.place(.text(type))
            let end = conditions.place(.text(type.dropLast() + "/"))
            return "(e.event_type >= \(start) AND e.event_type < \(end))"
        }
        conditions.require(alternatives.joined(separator: " OR "))
    }

    /// Whether a new event is meant; for the live stream, where time does not matter.
    func matches(_ event: EventSubject) -> Bool {
        if let project, project != event.project { return false }
        if let execution, execution != event.execution { return false }
        if let source, !event.sources.contains(source) { return false }
        return types.isEmpty
            || types.contains { $0.hasSuffix(".") ? event.type.hasPrefix($0) : event.type == $0 }
    }
}

/// What filters look at.
struct EventSubject: Sendable {
    let type: String
    let project: String
    let execution: UUID128?
    let sources: [String]

    init(_ event: ProvenanceEvent) {
        type = event.type
        project = event.project
        execution = event.execution
        sources = event.sources
    }
}
