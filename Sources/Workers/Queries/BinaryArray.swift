internal import Core

/// Arrays as PostgreSQL sends them in binary form: dimensions, whether there are NULLs, the type, length and lower bound;
/// then each element with its length. All numbers are big-endian.
enum BinaryArray {
    private static let headerBytes = 20

    /// The elements of an array of `bigint`, `integer` or, as their bits, `double precision`; nil for anything else.
    static func elements<Element: FixedWidthInteger>(
        _ bytes: [UInt8],
        as type: Element.Type
    ) -> [Element]? {
        // An empty array has no dimension.
        if bytes.count == 12 { return [] }
        let width = MemoryLayout<Element>.size
        guard bytes.count >= headerBytes, (bytes.count - headerBytes).isMultiple(of: 4 + width) else {
            return nil
        }
        return bytes.withUnsafeBytes { bytes in
            stride(from: headerBytes + 4, to: bytes.count, by: 4 + width).map { offset in
                Element(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Element.self))
            }
        }
    }

    /// The elements of a `double precision` array; none of anything else.
    static func doubles(_ bytes: [UInt8]) -> [Double] {
        (elements(bytes, as: UInt64.self) ?? []).map { Double(bitPattern: $0) }
    }

    /// The elements of a `timestamptz` array, which are microseconds since 2000; none of anything else.
    static func times(_ bytes: [UInt8]) -> [Timestamp] {
        (elements(bytes, as: Int64.self) ?? []).map { Timestamp(microseconds: $0 + epoch) }
    }

    /// Microseconds from 1970-01-01 to 2000-01-01.
    private static let epoch: Int64 = 946_684_800_000_000
}
