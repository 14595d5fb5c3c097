/// CRC-32C (Castagnoli, RFC 3720 appendix B.4), computed eight bytes at a time from tables ("slicing by 8").
package enum CRC32C {
    /// The checksum of `bytes`, optionally continuing an earlier one.
    ///
    /// `checksum(b, continuing: checksum(a))` equals the checksum of `a` followed by `b`; the checksum of nothing
    /// is 0. Any thread.
    package static func checksum(_ bytes: UnsafeRawBufferPointer, continuing previous: UInt32 = 0) -> UInt32 {
        guard let start = bytes.baseAddress else { return previous }
        var crc = ~previous
        var index = 0
        tables.withUnsafeBufferPointer { table in
            while index &+ 8 <= bytes.count {
                let word =
                    start.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ UInt64(crc)
                crc = slice(word, table)
                index &+= 8
            }
            while index < bytes.count {
                let byte = start.load(fromByteOffset: index, as: UInt8.self)
                crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ (crc >> 8)
                index &+= 1
            }
        }
        return ~crc
    }

    /// The checksum of an array or slice, optionally continuing an earlier one.
    package static func checksum(_ bytes: some Sequence<UInt8>, continuing previous: UInt32 = 0) -> UInt32 {
        let direct = bytes.withContiguousStorageIfAvailable {
            checksum(UnsafeRawBufferPointer($0), continuing: previous)
        }
        return direct ?? Array(bytes).withUnsafeBytes { checksum($0, continuing: previous) }
    }

    @inline(__always)
    private static func slice(_ word: UInt64, _ table: UnsafeBufferPointer<UInt32>) -> UInt32 {
        let low =
            table[1792 &+ Int(word & 0xFF)]
            ^ table[1536 &+ Int((word >> 8) & 0xFF)]
            ^ table[1280 &+ Int((word >> 16) & 0xFF)]
            ^ table[1024 &+ Int((word >> 24) & 0xFF)]
        let high =
            table[768 &+ Int((word >> 32) & 0xFF)]
            ^ table[512 &+ Int((word >> 40) & 0xFF)]
            ^ table[256 &+ Int((word >> 48) & 0xFF)]
            ^ table[Int(word >> 56)]
        return low ^ high
    }

    /// Eight tables of 256 entries one after the other; table k is the effect of a byte followed by k zero bytes.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0x82F6_3B78 : crc >> 1
            }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let shorter = tables[index - 256]
            tables[index] = tables[Int(shorter & 0xFF)] ^ (shorter >> 8)
        }
        return tables
    }()
}
