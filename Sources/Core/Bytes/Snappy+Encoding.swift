extension Snappy {
    /// Encodes content of less than 4 GB; every decoder reads it.
    ///
    /// Finds repetitions of four bytes and more within 64 KiB, by a table of where a hash was last seen.
    package static func encode(_ content: [UInt8]) -> [UInt8] {
        precondition(content.count <= Int(UInt32.max), "BUG: more than a block can hold")
        var block: [UInt8] = []
        block.reserveCapacity(content.count / 2 + 16)
        appendVarint(content.count, to: &block)
        var encoding = SnappyEncoding()
        var start = 0
        while start < content.count {
            let end = min(start + SnappyEncoding.fragment, content.count)
            encoding.append(content, start..<end, to: &block)
            start = end
        }
        return block
    }

    private static func appendVarint(_ value: Int, to block: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            block.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        block.append(UInt8(rest))
    }
}

/// Encodes one fragment after another; offsets stay within a fragment, so that they have two bytes.
private struct SnappyEncoding {
    static let fragment = 1 << 16
    private static let tableBits: UInt32 = 14
    /// Positions within the fragment by hash, plus one; 0 for none.
    private var table = [UInt32](repeating: 0, count: 1 << Int(tableBits))

    mutating func append(_ content: [UInt8], _ range: Range<Int>, to block: inout [UInt8]) {
        for index in table.indices { table[index] = 0 }
        var position = range.lowerBound
        var literalStart = position
        // Where nothing repeats, the search takes longer and longer steps.
        var misses = 0
        while position + 4 <= range.upperBound {
            let word = Self.word(content, position)
            let slot = Int((word &* 0x1E35_A7BD) >> (32 - Self.tableBits))
            let candidate = Int(table[slot]) - 1 + range.lowerBound
            table[slot] = UInt32(position - range.lowerBound + 1)
            guard candidate >= range.lowerBound, Self.word(content, candidate) == word else {
                position += 1 + misses >> 5
                misses += 1
                continue
            }
            misses = 0
            Self.appendLiteral(content[literalStart..<position], to: &block)
            var size = 4
            while position + size < range.upperBound, content[candidate + size] == content[position + size] {
                size += 1
            }
            Self.appendCopy(size, from: position - candidate, to: &block)
            position += size
            literalStart = position
        }
        Self.appendLiteral(content[literalStart..<range.upperBound], to: &block)
    }

    private static func word(_ bytes: [UInt8], _ index: Int) -> UInt32 {
        UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
            | UInt32(bytes[index + 3]) << 24
    }

    private static func appendLiteral(_ bytes: ArraySlice<UInt8>, to block: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let length = bytes.count - 1
        switch length {
        case ..<60: block.append(UInt8(length << 2))
        case ..<256: block += [60 << 2, UInt8(length)]
        default: block += [61 << 2, UInt8(length & 0xFF), UInt8(length >> 8)]
        }
        block.append(contentsOf: bytes)
    }

    private static func appendCopy(_ size: Int, from offset: Int, to block: inout [UInt8]) {
        var rest = size
        while rest > 0 {
            // What remains must be long enough for a copy of its own.
            let length = rest > 64 && rest < 68 ? 60 : min(rest, 64)
            if length >= 4, length <= 11, offset < 2048 {
                block += [UInt8((offset >> 8) << 5 | (length - 4) << 2 | 1), UInt8(offset & 0xFF)]
            } else {
                block += [UInt8((length - 1) << 2 | 2), UInt8(offset & 0xFF), UInt8(offset >> 8)]
            }
            rest -= length
        }
    }
}
