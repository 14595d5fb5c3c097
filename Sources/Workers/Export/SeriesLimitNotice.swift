internal import Core
internal import Dispatch
internal import Ingest
internal import Journal

/// Tells other features that a component has as many series as it may: once an hour, by a line of the journal.
struct SeriesLimitNotice: Sendable {
    let journal: Journal
    let latest: LatestValues

    /// Writes the line, unless there was one within an hour. Nobody waits for it: one that is lost is written again. The
    /// line makes no component, so that the id of one that does not exist is of no account.
    func send(_ component: Component, at now: Timestamp) {
        guard latest.shouldTellLimit(of: component.key, at: now) else { return }
        var body = JSONWriter()
        body.object { $0.member("limit", latest.limits.seriesOfComponent) }
        journal.append(
            kind: WorkersLine.Kind.seriesLimit.rawValue,
            members: WorkersLine.members(component),
            body: body.bytes,
            on: .global()
        ) { _ in }
    }

    /// The outbox event of such a line.
    static func event(of component: Component, limit: Int64, at: Timestamp) -> OutboxEvent {
        var detail = JSONWriter()
        detail.object { detail in
            detail.member("component", component.key.name)
            detail.member("component_type", component.key.type.rawValue)
            detail.member("limit", limit)
        }
        return OutboxEvent(
            kind: "worker.series_limit",
            subject: component.key.name,
            at: at,
            detail: detail.bytes
        )
    }
}
