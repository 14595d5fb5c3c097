internal import API
internal import Core
internal import Ingest
internal import Postgres

/// The columns of a row as members of a JSON object: the statement gives its columns the names of the members.
struct RowMembers: Sendable {
    /// How a column is read and shown.
    enum Kind: Sendable {
        case text
        case integer
        /// Always shown as a float.
        case float
        /// ISO 8601 with `+00:00`.
        case time
        case truth
        /// JSON text, shown as it is.
        case json
    }

    /// A column and how it is shown.
    typealias Member = (name: String, kind: Kind)

    private let members: [Member]

    /// Members in the order in which they are shown.
    init(_ members: [Member]) {
        self.members = members
    }

    /// Writes the members; NULL becomes null.
    ///
    /// - Throws: `PostgresError` when a column is missing or of another type.
    func write(_ row: Row, to writer: inout JSONWriter) throws(PostgresError) {
        for member in members {
            let column = Row.Column.name(member.name)
            switch member.kind {
            case .text: writer.member(member.name, try row.optionalText(column))
            case .integer: writer.member(member.name, try row.optionalInt64(column))
            case .float: writer.member(member.name, try row.optionalDouble(column))
            case .time: writer.member(member.name, try row.optionalTimestamp(column))
            case .truth: writer.member(member.name, try row.optionalBool(column))
            case .json: writer.member(member.name, raw: try row.optionalUTF8(column) ?? Array("null".utf8))
            }
        }
    }

    /// The members for `/openapi.json`: each may be null but those in `present`; `types` replaces the types of some
    /// kinds.
    func described(present: Set<String> = [], types: [String: APIType] = [:]) -> [APISchema.Member] {
        members.map { member in
            let type = types[member.name] ?? Self.type(member.kind)
            return APISchema.Member(member.name, present.contains(member.name) ? type : type.orNull)
        }
    }

    private static func type(_ kind: Kind) -> APIType {
        switch kind {
        case .text: .text
        case .integer: APIType(.integer)
        case .float: .number
        case .time: .moment
        case .truth: .flag
        case .json: .any
        }
    }

    /// Writes the members for a row that does not exist.
    func writeNulls(to writer: inout JSONWriter) {
        for member in members { writer.null(member.name) }
    }
}
