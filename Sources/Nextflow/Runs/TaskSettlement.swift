internal import Postgres

/// The open tasks of a run that will never complete.
///
/// The weblog client sends each completion once: if one is lost, its task would run for ever. The end of a run
/// settles its tasks: a task that is still open then has ended with an unknown outcome. The same holds for open tasks
/// of an earlier execution once another one has started. This is computed when a task is read, so that a completion
/// that arrives later still sets the real outcome.
struct TaskSettlement: Hashable, Sendable {
    /// The moment before which open tasks must have had their last event to be settled.
    let parameter: Parameter

    /// Reads the row of a run from `NextflowRunStore.fetchOne`.
    init(_ run: Row) throws {
        if RunState(rawValue: try run.text("state"))?.isOpen == false {
            parameter = .text("infinity")
        } else if let started = try run.optionalTimestamp("started_utc") {
            parameter = .timestamp(started)
        } else {
            parameter = .text("-infinity")
        }
    }

    /// The condition that a row of `task` has not ended by itself.
    static let open = "(NOT completed AND status_rank < 4)"

    /// The condition that an open row of `task` is settled; `place` is the placeholder of `parameter`.
    static func settled(_ place: String) -> String { "(last_utc < \(place)::timestamptz)" }

    /// The status of a row of `task`, `UNKNOWN` when it was settled.
    static func status(settledBefore place: String) -> String {
        "task_status(CASE WHEN \(open) AND \(settled(place)) THEN 0 ELSE status_rank END::smallint)"
    }
}
