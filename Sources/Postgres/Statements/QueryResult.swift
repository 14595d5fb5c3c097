import CLibpq

/// The rows of a statement, copied out of libpq into one buffer.
package struct QueryResult: Sendable {
    /// The columns' names in order.
    package let columns: [String]
    /// The server's command tag, such as `INSERT 0 5`.
    package let commandTag: String
    /// Rows inserted, updated, deleted or selected; 0 where the command counts none.
    package let affectedRows: Int
    /// How many rows there are; without columns, `cells` does not show it.
    private var rowCount = 0
    private var cells: [Cell]
    private var bytes: [UInt8]

    /// The place of a value in `bytes`; a negative length means NULL.
    private struct Cell {
        var start: Int
        var length: Int
    }

    /// Copies `result`, which the caller has to clear.
    init(copying result: OpaquePointer) {
        columns = (0..<PQnfields(result)).map { column in
            PQfname(result, column).map { String(cString: $0) } ?? ""
        }
        commandTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        affectedRows = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        cells = []
        bytes = []
        append(rowsOf: result)
    }

    /// Adds the rows of a result with the same columns, which single-row mode delivers one by one.
    mutating func append(rowsOf result: OpaquePointer) {
        let rows = PQntuples(result)
        rowCount += Int(rows)
        cells.reserveCapacity(cells.count + Int(rows) * columns.count)
        // A large result is copied once: growing by doubling would copy and touch it all again. A single row, of those
        // that come one by one, is left to the doubling.
        if rows > 1 { bytes.reserveCapacity(bytes.count + Self.length(of: result)) }
        for row in 0..<rows {
            for column in 0..<Int32(columns.count) {
                append(cell: result, row, column)
            }
        }
    }

    private static func length(of result: OpaquePointer) -> Int {
        (0..<PQntuples(result)).reduce(0) { sum, row in
            (0..<PQnfields(result)).reduce(sum) { $0 + Int(PQgetlength(result, row, $1)) }
        }
    }

    private mutating func append(cell result: OpaquePointer, _ row: Int32, _ column: Int32) {
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
            cells.append(Cell(start: 0, length: -1))
            return
        }
        let length = Int(PQgetlength(result, row, column))
        cells.append(Cell(start: bytes.count, length: length))
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: value, count: length))
    }

    /// The text format of a value, or nil for NULL.
    func value(row: Int, column: Int) -> ArraySlice<UInt8>? {
        let cell = cells[row * columns.count + column]
        return cell.length < 0 ? nil : bytes[cell.start..<cell.start + cell.length]
    }
}

extension QueryResult: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { rowCount }
    package subscript(position: Int) -> Row {
        precondition(position < endIndex, "BUG: row beyond the end of a result")
        return Row(result: self, index: position)
    }
}
