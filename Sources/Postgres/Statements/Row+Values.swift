package import Core

/// Readers for one value each. Those that begin with `optional` return nil for NULL.
///
/// All throw `PostgresError` of kind `undecodable` when the column is absent, NULL without `optional`, or not of
/// the asked type. The message names the column and never quotes its value.
extension Row {
    /// Whether the column is NULL.
    package func isNull(_ column: Column) throws(PostgresError) -> Bool { try raw(column) == nil }

    /// Any type's text format.
    package func text(_ column: Column) throws(PostgresError) -> String { try required(column, optionalText) }
    /// Any type's text format, or nil for NULL.
    package func optionalText(_ column: Column) throws(PostgresError) -> String? {
        try raw(column).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Any type's text format as UTF-8 bytes: `jsonb`, `text`, and so on.
    package func utf8(_ column: Column) throws(PostgresError) -> [UInt8] {
        try required(column, optionalUTF8)
    }
    /// Any type's text format as UTF-8 bytes, or nil for NULL.
    package func optionalUTF8(_ column: Column) throws(PostgresError) -> [UInt8]? {
        try raw(column).map { Array($0) }
    }

    /// A `bytea`.
    package func bytes(_ column: Column) throws(PostgresError) -> [UInt8] {
        try required(column, optionalBytes)
    }
    /// A `bytea`, or nil for NULL.
    package func optionalBytes(_ column: Column) throws(PostgresError) -> [UInt8]? {
        try decode(column, "bytea", TextReading.hex)
    }

    /// A `bool`.
    package func bool(_ column: Column) throws(PostgresError) -> Bool { try required(column, optionalBool) }
    /// A `bool`, or nil for NULL.
    package func optionalBool(_ column: Column) throws(PostgresError) -> Bool? {
        try decode(column, "bool", TextReading.bool)
    }

    /// Any integer type, or a `numeric` without fraction, that fits 64 bits.
    package func int64(_ column: Column) throws(PostgresError) -> Int64 {
        try required(column, optionalInt64)
    }
    /// Any integer type, or a `numeric` without fraction, that fits 64 bits; or nil for NULL.
    package func optionalInt64(_ column: Column) throws(PostgresError) -> Int64? {
        try decode(column, "int8", TextReading.int64)
    }

    /// As `int64(_:)`.
    package func int(_ column: Column) throws(PostgresError) -> Int { Int(try int64(column)) }
    /// As `optionalInt64(_:)`.
    package func optionalInt(_ column: Column) throws(PostgresError) -> Int? {
        try optionalInt64(column).map { Int($0) }
    }

    /// Any numeric type, with `NaN` and `Infinity`.
    package func double(_ column: Column) throws(PostgresError) -> Double {
        try required(column, optionalDouble)
    }
    /// Any numeric type, with `NaN` and `Infinity`; or nil for NULL.
    package func optionalDouble(_ column: Column) throws(PostgresError) -> Double? {
        try decode(column, "float8", TextReading.double)
    }

    /// A `timestamptz`, `timestamp` (taken as UTC) or `date` (its midnight in UTC); not `infinity`.
    package func timestamp(_ column: Column) throws(PostgresError) -> Timestamp {
        try required(column, optionalTimestamp)
    }
    /// As `timestamp(_:)`, or nil for NULL.
    package func optionalTimestamp(_ column: Column) throws(PostgresError) -> Timestamp? {
        try decode(column, "timestamptz", TextReading.timestamp)
    }

    /// A `uuid`.
    package func uuid(_ column: Column) throws(PostgresError) -> UUID128 {
        try required(column, optionalUUID)
    }
    /// A `uuid`, or nil for NULL.
    package func optionalUUID(_ column: Column) throws(PostgresError) -> UUID128? {
        try decode(column, "uuid", TextReading.uuid)
    }

    // MARK: - Arrays

    /// A one-dimensional array of any type, each element in its text format.
    package func textArray(_ column: Column) throws(PostgresError) -> [String?] {
        try array(column, "text[]") { String(decoding: $0, as: UTF8.self) }
    }
    /// A one-dimensional array of integers.
    package func int64Array(_ column: Column) throws(PostgresError) -> [Int64?] {
        try array(column, "int8[]", TextReading.int64)
    }
    /// A one-dimensional array of numbers.
    package func doubleArray(_ column: Column) throws(PostgresError) -> [Double?] {
        try array(column, "float8[]", TextReading.double)
    }
    /// A one-dimensional array of truth values.
    package func boolArray(_ column: Column) throws(PostgresError) -> [Bool?] {
        try array(column, "bool[]", TextReading.bool)
    }
    /// A one-dimensional array of instants.
    package func timestampArray(_ column: Column) throws(PostgresError) -> [Timestamp?] {
        try array(column, "timestamptz[]", TextReading.timestamp)
    }
    /// A one-dimensional array of identifiers.
    package func uuidArray(_ column: Column) throws(PostgresError) -> [UUID128?] {
        try array(column, "uuid[]", TextReading.uuid)
    }
}

extension Row {
    private func raw(_ column: Column) throws(PostgresError) -> ArraySlice<UInt8>? {
        switch column {
        case .position(let position) where result.columns.indices.contains(position):
            return result.value(row: index, column: position)
        case .name(let name):
            if let position = result.columns.firstIndex(of: name) {
                return result.value(row: index, column: position)
            }
        case .position: break
        }
        throw undecodable("the result has no column \(column.name)")
    }

    private func required<Value>(
        _ column: Column,
        _ read: (Column) throws(PostgresError) -> Value?
    ) throws(PostgresError) -> Value {
        guard let value = try read(column) else { throw undecodable("column \(column.name) is NULL") }
        return value
    }

    private func decode<Value>(
        _ column: Column,
        _ type: String,
        _ read: (ArraySlice<UInt8>) -> Value?
    ) throws(PostgresError) -> Value? {
        guard let text = try raw(column) else { return nil }
        guard let value = read(text) else {
            throw undecodable("column \(column.name) is not a readable \(type)")
        }
        return value
    }

    private func array<Value>(
        _ column: Column,
        _ type: String,
        _ read: (ArraySlice<UInt8>) -> Value?
    ) throws(PostgresError) -> [Value?] {
        let items = try required(column) { column throws(PostgresError) in
            try decode(column, type, TextReading.array)
        }
        var values: [Value?] = []
        values.reserveCapacity(items.count)
        for item in items {
            guard let item else {
                values.append(nil)
                continue
            }
            guard let value = read(item) else {
                throw undecodable("an element of column \(column.name) is not a readable \(type)")
            }
            values.append(value)
        }
        return values
    }

    private func undecodable(_ message: String) -> PostgresError {
        PostgresError(kind: .undecodable, message: message, context: "reading a row")
    }
}

extension Row.Column {
    fileprivate var name: String {
        switch self {
        case .name(let name): "\"\(name)\""
        case .position(let position): "at position \(position)"
        }
    }
}
