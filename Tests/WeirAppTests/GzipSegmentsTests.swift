import Journal
import Testing

@testable import WeirApp

@Suite struct `Compressed segments` {
    @Test(arguments: [0, 1, 100, 100_000])
    func `are read as they were written`(lines: Int) throws {
        let text = Array((0..<lines).map { "{\"seq\":\($0)}\n" }.joined().utf8)
        let (encoder, decoder) = (try SegmentCodec.gzip.makeEncoder(), try SegmentCodec.gzip.makeDecoder())
        var (compressed, read): ([UInt8], [UInt8]) = ([], [])
        try encoder.process(text, isLast: false, into: &compressed)
        try encoder.process([], isLast: true, into: &compressed)
        var rest = compressed[...]
        while !rest.isEmpty {
            try decoder.process(Array(rest.prefix(4096)), isLast: false, into: &read)
            rest = rest.dropFirst(4096)
        }
        try decoder.process([], isLast: true, into: &read)
        #expect(read == text)
        #expect(lines < 100 || compressed.count < text.count / 2)
    }
}
