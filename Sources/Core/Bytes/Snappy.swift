/// The block format of Snappy: https://github.com/google/snappy/blob/main/format_description.txt
package enum Snappy {
    /// The longest copy of an element.
    private static let longestCopy = 64

    /// The length that a block claims for its content, and where its elements begin.
    ///
    /// - Throws: `.truncated` and `.badLength`.
    package static func claimedLength(_ block: [UInt8]) throws(SnappyError) -> (length: Int, start: Int) {
        var length: UInt64 = 0
        for (index, byte) in block.prefix(5).enumerated() {
            length |= UInt64(byte & 0x7F) << UInt64(7 * index)
            guard byte & 0x80 == 0 else { continue }
            guard length <= UInt64(UInt32.max) else { throw .badLength }
            return (Int(length), index + 1)
        }
        throw block.count < 5 ? .truncated : .badLength
    }

    /// Decodes a block whose content has at most `limit` bytes.
    ///
    /// Nothing is allocated for a length that the block is too short for.
    package static func decode(_ block: [UInt8], atMost limit: Int) throws(SnappyError) -> [UInt8] {
        let (length, start) = try claimedLength(block)
        // No element makes more than a copy of 64 bytes, which takes three.
        guard length * 3 <= (block.count - start) * longestCopy else { throw .badLength }
        guard length <= limit else { throw .tooLarge(length) }
        var failure: SnappyError?
        let content = [UInt8](unsafeUninitializedCapacity: length) { output, count in
            block.withUnsafeBufferPointer { input in
                var decoding = SnappyDecoding(input: input, output: output, length: length, position: start)
                do throws(SnappyError) {
                    try decoding.run()
                    count = length
                } catch {
                    failure = error
                    count = 0
                }
            }
        }
        if let failure { throw failure }
        return content
    }
}

/// Why bytes are not a block of Snappy, or are not taken.
package enum SnappyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// An element reaches beyond the end.
    case truncated
    /// The content is longer or shorter than the block claims.
    case badLength
    /// A copy refers to what is before the beginning.
    case badOffset
    /// The content is larger than allowed; the number of bytes that it claims.
    case tooLarge(Int)

    /// What is wrong, for a sentence that begins with what was read.
    package var description: String {
        switch self {
        case .truncated: "it ends within an element"
        case .badLength: "its content does not have the length that it claims"
        case .badOffset: "a copy refers to what is before its beginning"
        case .tooLarge(let bytes): "its content has \(bytes) bytes"
        }
    }
}

/// One run over a block. Every index is checked against both buffers before it is used.
private struct SnappyDecoding {
    let input: UnsafeBufferPointer<UInt8>
    let output: UnsafeMutableBufferPointer<UInt8>
    let length: Int
    var position: Int
    private var count = 0

    init(
        input: UnsafeBufferPointer<UInt8>,
        output: UnsafeMutableBufferPointer<UInt8>,
        length: Int,
        position: Int
    ) {
        self.input = input
        self.output = output
        self.length = length
        self.position = position
    }

    mutating func run() throws(SnappyError) {
        while position < input.count {
            let tag = input[position]
            position += 1
            switch tag & 3 {
            case 0: try literal(tag)
            case 1:
                let offset = Int(tag >> 5) << 8 | (try number(bytes: 1))
                try copy(Int(tag >> 2 & 7) + 4, from: offset)
            case 2: try copy(Int(tag >> 2) + 1, from: try number(bytes: 2))
            default: try copy(Int(tag >> 2) + 1, from: try number(bytes: 4))
            }
        }
        guard count == length else { throw .badLength }
    }

    /// Little-endian.
    private mutating func number(bytes: Int) throws(SnappyError) -> Int {
        guard input.count - position >= bytes else { throw .truncated }
        var value = 0
        for index in 0..<bytes { value |= Int(input[position + index]) << (8 * index) }
        position += bytes
        return value
    }

    private mutating func literal(_ tag: UInt8) throws(SnappyError) {
        var size = Int(tag >> 2) + 1
        // From 61 on the length follows in one to four bytes.
        if size > 60 { size = try number(bytes: size - 60) + 1 }
        guard input.count - position >= size else { throw .truncated }
        guard length - count >= size else { throw .badLength }
        guard let target = output.baseAddress, let source = input.baseAddress else { throw .badLength }
        (target + count).initialize(from: source + position, count: size)
        count += size
        position += size
    }

    private mutating func copy(_ size: Int, from offset: Int) throws(SnappyError) {
        guard offset > 0, offset <= count else { throw .badOffset }
        guard length - count >= size else { throw .badLength }
        guard let target = output.baseAddress else { throw .badLength }
        if offset >= size {
            (target + count).initialize(from: target + count - offset, count: size)
        } else {
            // It repeats what it writes.
            for index in count..<count + size { target[index] = target[index - offset] }
        }
        count += size
    }
}
