internal import API
internal import Core
internal import HTTP
internal import Ingest

/// The parameters of a list of runs. Contract §1.6, and Weir's additions: more filters, cursors, a total.
struct RunListQuery: Sendable {
    /// A column that must equal a value.
    struct Equality: Sendable {
        let column: String
        let value: String
    }

    /// A bound of a time, compared as an instant, or as text where the stored value is no time (D13).
    struct Bound: Sendable {
        let comparison: String
        let instant: Timestamp
        let text: String
    }

    /// The start of a page.
    struct Cursor: Sendable {
        let createdOrder: Timestamp
        let createdAt: String
        let id: Int64

        init(createdOrder: Timestamp, createdAt: String, id: Int64) {
            self.createdOrder = createdOrder
            self.createdAt = createdAt
            self.id = id
        }

        init?(_ cursor: PageCursor) {
            guard cursor.parts.count == 3, let order = Int64(cursor.parts[0]), let id = Int64(cursor.parts[2])
            else { return nil }
            self.init(createdOrder: Timestamp(microseconds: order), createdAt: cursor.parts[1], id: id)
        }

        /// The cursor for a URL.
        var text: String { PageCursor([String(createdOrder.microseconds), createdAt, String(id)]).text }
    }

    var equalities: [Equality] = []
    var status: RunStatus?
    var isPosted: Bool?
    var created: [Bound] = []
    var started: [Bound] = []
    var limit = 100
    var offset: Int64 = 0
    var cursor: Cursor?
    var wantsTotal = false
    var wantsTrace = false

    /// Whether the list has no filters.
    var isUnfiltered: Bool {
        equalities.isEmpty && status == nil && isPosted == nil && created.isEmpty && started.isEmpty
    }
}

/// Why a list is refused.
enum RunListRefusal: Error, Sendable {
    /// Numbers out of range: 422.
    case issues([ValidationIssue])
    /// An invalid word or time: 400 with a sentence (D06).
    case sentence(String)

    var response: Response {
        switch self {
        case .issues(let issues): ValidationDialect.pydantic2.response(ValidationIssues(issues))
        case .sentence(let text): ErrorEnvelope.detail.response(.badRequest, text)
        }
    }
}

extension RunListQuery {
    /// Reads a query: an empty value is no filter, of a repeated parameter the last counts, unknown ones are ignored.
    init(_ query: Query) throws(RunListRefusal) {
        var issues: [ValidationIssue] = []
        typealias Parameters = RunListParameters
        limit = Int(Self.number(Parameters.limit, query, &issues))
        offset = Self.number(Parameters.offset, query, &issues)
        guard issues.isEmpty else { throw .issues(issues) }
        for parameter in Parameters.columns {
            if let value = try Self.value(parameter.name, query) {
                equalities.append(Equality(column: parameter.name, value: value))
            }
        }
        if let word = try Self.value(Parameters.status.name, query) {
            guard let status = RunStatus(word: word) else {
                throw .sentence("Invalid status. Must be one of: \(RunStatus.list)")
            }
            self.status = status
        }
        created = try Self.bounds(Parameters.created, query)
        started = try Self.bounds(Parameters.started, query)
        isPosted = try Self.flag(Parameters.isPosted.name, query)
        wantsTotal = try Self.flag(Parameters.total.name, query) ?? false
        wantsTrace = try Self.wantsTrace(query)
        if let text = try Self.value(Parameters.cursor.name, query) {
            guard let cursor = PageCursor(text).flatMap(Cursor.init) else {
                throw .sentence("Invalid cursor: take it unchanged from the Link header of the page before.")
            }
            self.cursor = cursor
        }
    }

    /// Whether answers have the members of the trace.
    static func wantsTrace(_ query: Query) throws(RunListRefusal) -> Bool {
        try flag(RunListParameters.trace.name, query) ?? false
    }

    /// Refuses U+0000: no stored text contains it, and PostgreSQL refuses to compare with it.
    private static func value(_ name: String, _ query: Query) throws(RunListRefusal) -> String? {
        guard let value = query.all(name).last, !value.isEmpty else { return nil }
        guard !value.utf8.contains(0) else { throw .sentence("Invalid \(name): it must not hold U+0000.") }
        return value
    }

    private static func number(
        _ parameter: APIParameter,
        _ query: Query,
        _ issues: inout [ValidationIssue]
    ) -> Int64 {
        let fallback = Int64(parameter.fallbackNumber)
        guard let text = query.all(parameter.name).last else { return fallback }
        let (least, most) = (parameter.type.least ?? .min, parameter.type.most ?? .max)
        let cause: ValidationIssue.Cause
        switch IntegerReading(text: text) {
        case .success(let value) where value < least: cause = .below(Int(least))
        case .success(let value) where value > most: cause = .above(Int(most))
        case .success(let value): return value
        case .failure(let reason): cause = reason
        }
        issues.append(
            ValidationIssue([.name("query"), .name(parameter.name)], cause, JSONText.quoted(text)[...])
        )
        return fallback
    }

    private static func bounds(
        _ parameters: [(parameter: APIParameter, comparison: String)],
        _ query: Query
    ) throws(RunListRefusal) -> [Bound] {
        var bounds: [Bound] = []
        for (parameter, comparison) in parameters {
            let name = parameter.name
            guard let text = try value(name, query) else { continue }
            guard let instant = RunTimestamp.instant(ofFilter: text) else {
                throw .sentence("Invalid ISO8601 timestamp for \(name): '\(text)'")
            }
            bounds.append(Bound(comparison: comparison, instant: instant, text: text))
        }
        return bounds
    }

    private static func flag(_ name: String, _ query: Query) throws(RunListRefusal) -> Bool? {
        guard let word = try value(name, query) else { return nil }
        switch word.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: throw .sentence("Invalid \(name): '\(word)'. Say true or false.")
        }
    }
}
