/// Arrays of one dimension without NULLs, in PostgreSQL's binary form: dimensions, whether there are NULLs, the type of
/// the elements, length, lower bound; then each element with its length.
extension BinaryCopyBuffer {
    private static let int4Type: Int32 = 23
    private static let int8Type: Int32 = 20
    private static let float8Type: Int32 = 701
    private static let textType: Int32 = 25

    /// An `int4[]`.
    package mutating func append(int4Array values: [Int32]) {
        append(values, of: Self.int4Type)
    }

    /// An `int8[]`.
    package mutating func append(int8Array values: [Int64]) {
        append(values, of: Self.int8Type)
    }

    /// A `float8[]`.
    package mutating func append(float8Array values: [Double]) {
        append(values.map(\.bitPattern), of: Self.float8Type)
    }

    /// A `text[]`.
    package mutating func append(textArray values: [String]) {
        let bytes = values.reduce(0) { $0 + 4 + $1.utf8.count }
        appendHeader(Int32(12 + (values.isEmpty ? 0 : 8 + bytes)))
        appendBigEndian(Int32(values.isEmpty ? 0 : 1))
        appendBigEndian(Int32(0))
        appendBigEndian(Self.textType)
        guard !values.isEmpty else { return }
        appendBigEndian(Int32(values.count))
        appendBigEndian(Int32(1))
        for value in values {
            appendBigEndian(Int32(value.utf8.count))
            appendPart(value.utf8)
        }
    }

    private mutating func append(_ values: [some FixedWidthInteger], of type: Int32) {
        let elementBytes = Int32((values.first?.bitWidth ?? 0) / 8)
        let count = Int32(values.count)
        appendHeader(12 + (count == 0 ? 0 : 8 + count * (4 + elementBytes)))
        // An empty array has no dimension.
        appendBigEndian(Int32(count == 0 ? 0 : 1))
        appendBigEndian(Int32(0))
        appendBigEndian(type)
        guard count > 0 else { return }
        appendBigEndian(count)
        appendBigEndian(Int32(1))
        for value in values {
            appendBigEndian(elementBytes)
            appendBigEndian(value)
        }
    }
}
