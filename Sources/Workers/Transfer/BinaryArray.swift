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
}
