internal import Core
internal import Postgres

/// A member of an answer that a column of a row has.
struct TowerMember: Sendable {
    /// How a column is shown.
    enum Kind: Sendable {
        case text
        /// A text of digits becomes a number, as Nextflow sends it.
        case numeral
        /// Without a fraction when it has none.
        case number
        case integer
        /// ISO 8601 with `Z`.
        case time
        case truth
        /// JSON text, shown as it is.
        case json
    }

    let name: String
    let column: String
    let kind: Kind

    init(_ name: String, _ column: String, _ kind: Kind) {
        self.name = name
        self.column = column
        self.kind = kind
    }

    /// Writes the member; NULL becomes null.
    func write(_ row: Row, to writer: inout JSONWriter) throws(PostgresError) {
        let column = Row.Column.name(column)
        switch kind {
        case .text: writer.member(name, try row.optionalText(column))
        case .integer: writer.member(name, try row.optionalInt64(column))
        case .time: writer.member(name, try row.optionalTimestamp(column), offset: .z)
        case .truth: writer.member(name, try row.optionalBool(column))
        case .json: writer.member(name, raw: try row.optionalUTF8(column) ?? Array("null".utf8))
        case .numeral:
            let text = try row.optionalText(column)
            if let number = text.flatMap({ Int64($0) }), String(number) == text {
                writer.member(name, number)
            } else {
                writer.member(name, text)
            }
        case .number:
            let number = try row.optionalDouble(column)
            if let whole = number.flatMap({ Int64(exactly: $0) }) {
                writer.member(name, whole)
            } else {
                writer.member(name, number)
            }
        }
    }
}

extension JSONWriter {
    /// Writes an object as a client sent it, `told`, with the members of a row: `fixed` replace what it told, `others`
    /// what it told nothing or null of. Members that are in `written` are in the object already.
    mutating func members(
        told: JSONNode?,
        _ row: Row,
        fixed: [TowerMember],
        others: [TowerMember],
        written: Set<String> = []
    ) throws {
        for member in fixed { try member.write(row, to: &self) }
        var names = written.union(fixed.map(\.name))
        if let told, told.kind == .object {
            for member in told.members where !member.value.isNull || !others.contains(named: member.key) {
                guard let name = member.key.string, names.insert(name).inserted else { continue }
                self.member(name, raw: member.value.rawBytes)
            }
        }
        for member in others where !names.contains(member.name) { try member.write(row, to: &self) }
    }
}

extension [TowerMember] {
    fileprivate func contains(named key: JSONNode) -> Bool {
        let name = key.string
        return contains { $0.name == name }
    }
}
