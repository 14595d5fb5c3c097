package import Core

/// Rows in the binary format of `COPY … FROM STDIN (FORMAT binary)`.
///
/// Build a row with `beginRow` and one `append…` per column, in the order of the column list; each must match the
/// column's exact type, since the server does not convert binary values. Reuse the buffer with `removeAll`.
/// (PostgreSQL documentation, COPY, "Binary Format".)
package struct BinaryCopyBuffer: Sendable {
    /// Columns of every row.
    package let columnCount: Int
    private(set) var bytes: [UInt8] = []
    private var rowStarts: [Int] = []
    private var missingColumns = 0

    /// Creates an empty buffer for rows of `columnCount` columns, at most 1600 as in any table.
    package init(columnCount: Int, reservingBytes capacity: Int = 0) {
        precondition((1...1600).contains(columnCount), "BUG: a COPY of \(columnCount) columns")
        self.columnCount = columnCount
        bytes.reserveCapacity(capacity)
    }

    /// Rows begun so far.
    package var rowCount: Int { rowStarts.count }
    /// Size of all rows in bytes.
    package var byteCount: Int { bytes.count }

    /// Removes all rows.
    package mutating func removeAll(keepingCapacity: Bool = true) {
        bytes.removeAll(keepingCapacity: keepingCapacity)
        rowStarts.removeAll(keepingCapacity: keepingCapacity)
        missingColumns = 0
    }

    /// Removes the last row, finished or not: for a row that turns out to be impossible.
    package mutating func removeLastRow() {
        guard let start = rowStarts.popLast() else { return }
        bytes.removeSubrange(start...)
        missingColumns = 0
    }

    /// Begins the next row. The previous one must be complete.
    package mutating func beginRow() {
        precondition(missingColumns == 0, "BUG: a COPY row lacks \(missingColumns) columns")
        rowStarts.append(bytes.count)
        missingColumns = columnCount
        appendBigEndian(Int16(columnCount))
    }

    /// Adds a finished row of another buffer for the same columns.
    package mutating func append(row: Int, of other: BinaryCopyBuffer) {
        precondition(other.columnCount == columnCount, "BUG: a row of another table")
        precondition(missingColumns == 0, "BUG: a COPY row lacks \(missingColumns) columns")
        rowStarts.append(bytes.count)
        bytes.append(contentsOf: other.bytes[other.byteRange(rows: row..<row + 1)])
    }

    /// The bytes of some rows, so that a refused batch can be halved without being built again.
    func byteRange(rows: Range<Int>) -> Range<Int> {
        precondition(missingColumns == 0, "BUG: a COPY row lacks \(missingColumns) columns")
        func offset(_ row: Int) -> Int { row < rowStarts.count ? rowStarts[row] : bytes.count }
        return offset(rows.lowerBound)..<offset(rows.upperBound)
    }

    // MARK: - Fields

    /// NULL of any type.
    package mutating func appendNull() { appendHeader(-1) }

    /// A `bool`.
    package mutating func append(bool value: Bool) {
        appendHeader(1)
        bytes.append(value ? 1 : 0)
    }

    /// An `int2`.
    package mutating func append(int2 value: Int16) {
        appendHeader(2)
        appendBigEndian(value)
    }

    /// An `int4` or a `date` in days since 2000-01-01.
    package mutating func append(int4 value: Int32) {
        appendHeader(4)
        appendBigEndian(value)
    }

    /// An `int8`.
    package mutating func append(int8 value: Int64) {
        appendHeader(8)
        appendBigEndian(value)
    }

    /// A `float8`.
    package mutating func append(float8 value: Double) {
        append(int8: Int64(bitPattern: value.bitPattern))
    }

    /// A `timestamptz`; instants outside the years 1…9999 become the nearest end of that range.
    package mutating func append(timestamp value: Timestamp) {
        append(int8: min(max(value, .earliest), .latest).microseconds - Self.epochOffset)
    }

    /// A `uuid`.
    package mutating func append(uuid value: UUID128) {
        appendHeader(16)
        value.appendBytes(to: &bytes)
    }

    /// A `text` or `varchar`, of UTF-8 that the server checks (22021).
    package mutating func append(text value: some Collection<UInt8>) {
        appendHeader(Self.length(of: value))
        bytes.append(contentsOf: value)
    }

    /// A `text` or `varchar`. U+0000 is refused by the server (22021).
    package mutating func append(text value: String) {
        append(text: value.utf8)
    }

    /// A `jsonb` from JSON text, which the server parses (22P02).
    package mutating func append(jsonb value: some Collection<UInt8>) {
        appendHeader(Self.length(of: value) + 1)
        bytes.append(1)  // the version of the format: what follows is text
        bytes.append(contentsOf: value)
    }

    /// A `json` from JSON text, which the server parses (22P02).
    package mutating func append(json value: some Collection<UInt8>) { append(text: value) }

    /// A `bytea`.
    package mutating func append(bytea value: some Collection<UInt8>) { append(text: value) }

    // MARK: - Bytes

    /// Microseconds from 1970-01-01 to 2000-01-01.
    static let epochOffset: Int64 = 946_684_800_000_000

    /// The eleven bytes of the signature, no flags, no extension.
    static let header: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    static let trailer: [UInt8] = [0xFF, 0xFF]

    private static func length(of value: some Collection<UInt8>) -> Int32 {
        let count = value.count
        precondition(count < Int(Int32.max), "BUG: a value beyond the 1 GB PostgreSQL can store")
        return Int32(count)
    }

    mutating func appendHeader(_ length: Int32) {
        precondition(missingColumns > 0, "BUG: a COPY row has more than \(columnCount) columns")
        missingColumns -= 1
        appendBigEndian(length)
    }

    /// Bytes of a value whose header is there.
    mutating func appendPart(_ part: some Collection<UInt8>) {
        bytes.append(contentsOf: part)
    }

    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension BinaryCopyBuffer {
    /// `appendNull` for nil, else `append(bool:)`.
    package mutating func append(bool value: Bool?) {
        if let value { append(bool: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(int2:)`.
    package mutating func append(int2 value: Int16?) {
        if let value { append(int2: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(int4:)`.
    package mutating func append(int4 value: Int32?) {
        if let value { append(int4: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(int8:)`.
    package mutating func append(int8 value: Int64?) {
        if let value { append(int8: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(float8:)`.
    package mutating func append(float8 value: Double?) {
        if let value { append(float8: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(timestamp:)`.
    package mutating func append(timestamp value: Timestamp?) {
        if let value { append(timestamp: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(uuid:)`.
    package mutating func append(uuid value: UUID128?) {
        if let value { append(uuid: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(text:)`.
    package mutating func append(text value: String?) {
        if let value { append(text: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(text:)`.
    package mutating func append(text value: (some Collection<UInt8>)?) {
        if let value { append(text: value) } else { appendNull() }
    }
    /// `appendNull` for nil, else `append(jsonb:)`.
    package mutating func append(jsonb value: (some Collection<UInt8>)?) {
        if let value { append(jsonb: value) } else { appendNull() }
    }
}
