// Arbitrary bytes as a Snappy block, against a decoder that appends byte by byte; and as content that is encoded; see
// scripts/fuzz.

import Core

private let limit = 1 << 16

/// libFuzzer's entry point.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    let decoded = try? Snappy.decode(bytes, atMost: limit)
    precondition(decoded == PlainSnappy.decode(bytes), "BUG: decoded as other content")
    let encoded = Snappy.encode(bytes)
    precondition((try? Snappy.decode(encoded, atMost: count)) == bytes, "BUG: its own block is other content")
    precondition(PlainSnappy.decode(encoded) == bytes, "BUG: another decoder reads other content")
    precondition(encoded.count <= 16 + count + count / 6, "BUG: a block grows beyond what the format allows")
    return 0
}

/// The format as its description has it, without any thought of speed.
private enum PlainSnappy {
    static func decode(_ block: [UInt8]) -> [UInt8]? {
        var rest = block[...]
        var length = 0
        var shift = 0
        while true {
            guard let byte = rest.popFirst(), shift <= 28 else { return nil }
            length |= Int(byte & 0x7F) << shift
            shift += 7
            if byte < 0x80 { break }
        }
        guard length <= limit else { return nil }
        var content: [UInt8] = []
        while let tag = rest.popFirst() {
            let upper = Int(tag >> 2)
            switch tag & 3 {
            case 0:
                var size = upper + 1
                if upper >= 60 {
                    guard let number = number(&rest, upper - 59) else { return nil }
                    size = number + 1
                }
                guard rest.count >= size else { return nil }
                content += rest.prefix(size)
                rest = rest.dropFirst(size)
            case 1:
                guard let low = number(&rest, 1) else { return nil }
                guard copy(upper % 8 + 4, Int(tag >> 5) * 256 + low, &content) else { return nil }
            default:
                guard let offset = number(&rest, tag & 3 == 2 ? 2 : 4) else { return nil }
                guard copy(upper + 1, offset, &content) else { return nil }
            }
            guard content.count <= length else { return nil }
        }
        return content.count == length ? content : nil
    }

    private static func number(_ rest: inout ArraySlice<UInt8>, _ bytes: Int) -> Int? {
        var value = 0
        for index in 0..<bytes {
            guard let byte = rest.popFirst() else { return nil }
            value += Int(byte) << (8 * index)
        }
        return value
    }

    private static func copy(_ size: Int, _ offset: Int, _ content: inout [UInt8]) -> Bool {
        guard offset > 0, offset <= content.count else { return false }
        for _ in 0..<size { content.append(content[content.count - offset]) }
        return true
    }
}
