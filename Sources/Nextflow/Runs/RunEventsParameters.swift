internal import API

/// The parameters of `…/events`.
enum RunEventsParameters {
    static let event = APIParameter.text("event", "Only events with this name.")
    static let order = APIParameter.word(
        "order",
        RunEventsQuery.Order.allCases.map(\.rawValue),
        default: RunEventsQuery.Order.oldest.rawValue,
        "Which come first, by arrival."
    )
    static let limit = APIParameter.integer("limit", 1...500, default: 100, "How many.")

    static let all = [event, order, limit, .cursor]
}
