internal import API
internal import Core
internal import HTTP
internal import Ingest

/// What a client asks of a feed. Contract beampipe §3.3, §11.4.
struct FeedQuery: Sendable {
    /// A place in a feed.
    struct Cursor: Sendable {
        let occurredAt: Timestamp
        let id: UUID128

        init(_ event: ProvenanceEvent) {
            occurredAt = event.occurredAt
            id = event.id
        }

        init?(_ cursor: PageCursor) {
            guard cursor.parts.count == 2, let time = Int64(cursor.parts[0]),
                let id = UUID128(cursor.parts[1])
            else { return nil }
            let occurredAt = Timestamp(microseconds: time)
            guard (Timestamp.earliest...Timestamp.latest).contains(occurredAt) else { return nil }
            self.occurredAt = occurredAt
            self.id = id
        }

        var text: String { PageCursor([String(occurredAt.microseconds), "\(id)"]).text }
    }

    var filter = EventFilter()
    var limit: Int
    var offset = 0
    var isDescending: Bool
    var cursor: Cursor?
}

/// The parameters of a feed, with its defaults.
struct FeedParameters: Sendable {
    /// How many names of events a request may have.
    static let mostTypes = 50
    static let project = APIParameter.text("project_module", "Only events of this project.")
    static let type = APIParameter(
        "event_type",
        .list(.sentText),
        "Only events of this type, or of all types that begin so when it ends with a dot; may be repeated."
    )
    static let source = APIParameter.text("source_identifier", "Only events about this source.")
    static let execution = APIParameter.text("execution_id", "Only events of this execution.")
    static let actor = APIParameter.text("actor", "Only events of this actor.")
    static let correlation = APIParameter.text("correlation_id", "Only events with this correlation id.")
    static let since = APIParameter.time("since", "Only events that happened at or after it.")
    static let until = APIParameter.time("until", "Only events that happened before it.")
    static let cursor = APIParameter.text(
        "cursor",
        "`X-Next-Cursor` of the previous page, unchanged; the first page without it."
    )
    static let offset = APIParameter(
        "offset",
        .integer(-1_000_000_000...1_000_000_000),
        "How many are left out; a negative number counts as 0. A cursor is better: new events don't move it.",
        fallback: "0"
    )

    let limit: Int
    let isDescending: Bool
    /// Beside those of every feed.
    let more: [APIParameter]

    init(limit: Int, isDescending: Bool, _ more: [APIParameter] = []) {
        self.limit = limit
        self.isDescending = isDescending
        self.more = more
    }

    private var limitParameter: APIParameter {
        APIParameter(
            "limit",
            .integer(-1_000_000_000...1_000_000_000),
            "How many; 1 to 500 are possible, other numbers count as the nearest of them.",
            fallback: String(limit)
        )
    }

    private var order: APIParameter {
        .word(
            "order",
            ["asc", "desc"],
            default: isDescending ? "desc" : "asc",
            "Whether the oldest events come first, or the newest."
        )
    }

    /// As they are declared.
    var all: [APIParameter] {
        [limitParameter] + more + [
            order, Self.type, Self.since, Self.until, Self.correlation, Self.actor, Self.source, Self.cursor,
        ]
    }

    /// What a request asks for; 400 for wrong values.
    func query(_ request: Request) throws(OperatorFailure) -> FeedQuery {
        var reader = ParameterReader(request.query)
        var query = FeedQuery(limit: limit, isDescending: isDescending)
        if let limit = reader.number(limitParameter)?.clamped { query.limit = Int(min(max(limit, 1), 500)) }
        if has(Self.offset), let offset = reader.number(Self.offset)?.clamped {
            query.offset = Int(min(max(offset, 0), 1_000_000))
        }
        if has(Self.project) { query.filter.project = reader.text(Self.project) }
        if has(Self.execution) { query.filter.execution = Self.execution(&reader) }
        query.isDescending = reader.word(order).map { $0 == "desc" } ?? isDescending
        query.filter.since = reader.time(Self.since)
        query.filter.until = reader.time(Self.until)
        query.filter.correlation = reader.text(Self.correlation)
        query.filter.actor = reader.text(Self.actor)
        query.filter.source = reader.text(Self.source)
        query.cursor = reader.cursor(Self.cursor, FeedQuery.Cursor.init)
        query.filter.types = try Self.types(request)
        try Self.finish(&reader)
        return query
    }

    private func has(_ parameter: APIParameter) -> Bool { more.contains { $0.name == parameter.name } }

    /// The id of an execution.
    static func execution(_ reader: inout ParameterReader) -> UUID128? {
        reader.value(execution, or: .rule("is not a UUID")) { UUID128($0) }
    }

    static func finish(_ reader: inout ParameterReader) throws(OperatorFailure) {
        do throws(ValidationIssues) {
            try reader.finish()
        } catch {
            throw error.failure
        }
    }

    /// The types of a request, all of them.
    static func types(_ request: Request) throws(OperatorFailure) -> [String] {
        let types = request.query.all(type.name).filter { !$0.isEmpty }
        guard types.count <= mostTypes, types.allSatisfy({ $0.utf8.count <= 500 && !$0.utf8.contains(0) })
        else {
            throw .invalid([
                .init(type.name, "invalid", "is more than \(mostTypes) names, or no name of an event")
            ])
        }
        return types
    }
}
