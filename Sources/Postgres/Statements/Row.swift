/// One row of a result, which it shares.
package struct Row: Sendable {
    let result: QueryResult
    let index: Int

    /// A column by its name or by its position from 0.
    package enum Column: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case name(String)
        case position(Int)

        package init(stringLiteral value: String) { self = .name(value) }
        package init(integerLiteral value: Int) { self = .position(value) }
    }

    /// The names of the row's columns in order.
    package var columns: [String] { result.columns }
    /// How long its values are together, in bytes.
    package var byteCount: Int {
        columns.indices.reduce(0) { $0 + (result.value(row: index, column: $1)?.count ?? 0) }
    }
}
