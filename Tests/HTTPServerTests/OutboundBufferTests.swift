import Glibc
import Testing

@testable import HTTPServer

/// What waits for a socket.
@Suite("The outbound buffer")
struct OutboundBufferTests {
    /// What a socket gets that takes at most `step` bytes at a time.
    private func drained(_ buffer: inout OutboundBuffer, step: Int) -> String {
        var text = ""
        while !buffer.isEmpty {
            let taken =
                buffer.isShared
                ? buffer.withUnsentParts { parts in
                    parts.flatMap { Array(UnsafeRawBufferPointer(start: $0.iov_base, count: $0.iov_len)) }
                }
                : buffer.withUnsent { Array($0) }
            #expect(taken.count == buffer.count)
            text += String(decoding: taken.prefix(step), as: UTF8.self)
            buffer.advance(by: min(step, taken.count))
        }
        return text
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 9, 100])
    func `sends bytes that it shares between those before and after them`(step: Int) {
        var buffer = OutboundBuffer()
        buffer.bytes += Array("head".utf8)
        buffer.share(Array("PIECE".utf8))
        buffer.bytes += Array("tail".utf8)
        #expect(buffer.count == 13)
        #expect(drained(&buffer, step: step) == "headPIECEtail")
        #expect(!buffer.isShared)
        buffer.bytes += Array(" next".utf8)
        buffer.share(Array("ONE".utf8))
        // A second one is copied.
        buffer.share(Array("TWO".utf8))
        #expect(drained(&buffer, step: step) == " nextONETWO")
        #expect(String(decoding: buffer.takeMemory(), as: UTF8.self) == "headtail nextTWO")
        #expect(buffer.isBare && buffer.isEmpty)
    }

    @Test func `shared bytes are not copied`() {
        let piece = [UInt8](repeating: 1, count: 5000)
        var buffer = OutboundBuffer()
        buffer.bytes = [0]
        buffer.share(piece)
        let address = piece.withUnsafeBytes { $0.baseAddress.map(UInt.init(bitPattern:)) }
        #expect(buffer.withUnsentParts { UInt(bitPattern: $0[1].iov_base) } == address)
    }
}
