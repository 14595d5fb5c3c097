import Testing

@testable import Core

/// The block format of Snappy, against blocks written by hand.
@Suite struct `Snappy blocks` {
    @Test func `holds literals and copies`() throws {
        // "abcd", then a copy of 8 from 4 bytes back, which repeats what it writes.
        #expect(try decode([12, 3 << 2, 97, 98, 99, 100, 4 << 2 | 1, 4]) == "abcdabcdabcd")
        #expect(try decode([6, 0, 120, 4 << 2 | 2, 1, 0]) == "xxxxxx")
        #expect(try decode([6, 0, 120, 4 << 2 | 3, 1, 0, 0, 0]) == "xxxxxx")
        #expect(try decode([0]) == "")
    }

    @Test func `reads lengths of literals in one to four bytes`() throws {
        let long = [UInt8](repeating: 7, count: 300)
        let inTwo: [UInt8] = [0xAC, 2, 61 << 2, 43, 1] + long
        let inFour: [UInt8] = [0xAC, 2, 63 << 2, 43, 1, 0, 0] + long
        #expect(try Snappy.decode(inTwo, atMost: 300) == long)
        #expect(try Snappy.decode(inFour, atMost: 300) == long)
    }

    @Test(
        arguments: [
            ([], .truncated), ([0x80], .truncated), ([0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0], .badLength),
            ([0x80, 0x80, 0x80, 0x80, 0x80, 0], .badLength), ([4], .badLength),
            ([4, 3 << 2, 97], .truncated),
            ([2, 3 << 2, 97, 98, 99, 100], .badLength), ([5, 3 << 2, 97, 98, 99, 100], .badLength),
            ([8, 3 << 2, 97, 98, 99, 100, 1, 5], .badOffset),
            ([8, 3 << 2, 97, 98, 99, 100, 1, 0], .badOffset),
            ([5, 3 << 2, 97, 98, 99, 100, 1, 4], .badLength),
            ([8, 3 << 2, 97, 98, 99, 100, 2, 4], .truncated),
            ([1, 63 << 2, 0xFF, 0xFF, 0xFF, 0xFF], .truncated),
        ] as [([UInt8], SnappyError)]
    )
    func `refuses lies and torn ends`(block: [UInt8], error: SnappyError) {
        #expect(throws: error) { try Snappy.decode(block, atMost: 1 << 20) }
    }

    @Test func `allocates nothing for a length that cannot be`() {
        #expect(throws: SnappyError.badLength) {
            try Snappy.decode([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 97], atMost: .max)
        }
        let block = Snappy.encode([UInt8](repeating: 7, count: 300))
        #expect(throws: SnappyError.tooLarge(300)) { try Snappy.decode(block, atMost: 299) }
    }

    @Test func `encodes what it decodes, and smaller where it repeats`() throws {
        var generator = SystemRandomNumberGenerator()
        let random = (0..<70_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let text = Array(String(repeating: "http_requests_total{code=\"200\"} ", count: 5000).utf8)
        for content in [[], [1], [1, 2, 3], random, text, random + text, text + random + [9]] {
            #expect(try Snappy.decode(Snappy.encode(content), atMost: content.count) == content)
        }
        #expect(Snappy.encode(text).count < text.count / 15)
        #expect(Snappy.encode(random).count < random.count + 20)
    }

    private func decode(_ block: [UInt8]) throws -> String {
        String(decoding: try Snappy.decode(block, atMost: 100), as: UTF8.self)
    }
}
