internal import API
internal import Core
internal import Ingest

/// Which raw events of a run a list shows.
struct RunEventsQuery: Hashable, Sendable {
    /// By when they arrived.
    enum Order: String, CaseIterable, Sendable {
        case oldest
        case newest
    }

    var event: String?
    var order = Order.oldest
    var limit = 100
    var cursor: EventCursor?

    /// Everything, the first 100.
    init() {}

    /// Reads the parameters of `…/events`.
    init(_ reader: inout ParameterReader) {
        typealias Parameters = RunEventsParameters
        event = reader.text(Parameters.event)
        order = reader.word(Parameters.order).flatMap(Order.init) ?? .oldest
        limit = reader.count(Parameters.limit)
        cursor = reader.cursor(.cursor, EventCursor.init)
    }
}

/// Where a page of events begins: after this one, in the order of the list.
struct EventCursor: Hashable, Sendable {
    let receivedAt: Timestamp
    let id: Int64

    init(receivedAt: Timestamp, id: Int64) {
        self.receivedAt = receivedAt
        self.id = id
    }

    init?(_ page: PageCursor) {
        guard page.parts.count == 2, let microseconds = Int64(page.parts[0]), let id = Int64(page.parts[1])
        else { return nil }
        self.init(receivedAt: Timestamp(microseconds: microseconds), id: id)
    }

    var page: PageCursor { PageCursor([String(receivedAt.microseconds), String(id)]) }
}
