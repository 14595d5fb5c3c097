internal import Postgres

/// Which open tasks of a run nobody will ever complete.
///
/// The weblog client sends each completion once: one that was lost would leave its task running for ever. The end of a
/// run settles its tasks: what is still open then has ended, and nobody says how. So has what an earlier execution
/// of the run left open, once another one has started. It is computed when a task is read, so that a completion that
/// arrives later still tells the real outcome.
struct TaskSettlement: Hashable, Sendable {
    /// A moment: open tasks whose last event is before it are settled.
    let parameter: Parameter

    /// Reads the row of a run as `NextflowRunStore.fetchOne` gives it.
    init(_ run: Row) throws {
        if RunState(rawValue: try run.text("state"))?.isOpen == false {
            parameter = .text("infinity")
        } else if let started = try run.optionalTimestamp("started_utc") {
            parameter = .timestamp(started)
        } else {
            parameter = .text("-infinity")
        }
    }

    /// Whether a row of `task` has not ended by itself.
    static let open = "(NOT completed AND status_rank < 4)"

    /// Whether a row of `task`, if it is open, was settled; `place` is that of `parameter`.
    static func settled(_ place: String) -> String { "(last_utc < \(place)::timestamptz)" }

    /// The status of a row of `task`, `UNKNOWN` when it was settled.
    static func status(settledBefore place: String) -> String {
        "task_status(CASE WHEN \(open) AND \(settled(place)) THEN 0 ELSE status_rank END::smallint)"
    }
}
