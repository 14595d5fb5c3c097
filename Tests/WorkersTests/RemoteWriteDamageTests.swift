import Core
import Testing

@testable import Workers

/// Messages of remote-write in which bytes were changed, as on a bad day.
@Suite struct `A damaged message of remote-write` {
    /// Numbers that are the same in each run.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }

    private static let series = [
        SentSeries("up", [("instance", "a:1"), ("job", "node")], (1000, 1), (2000, 0)),
        SentSeries("http_requests_total", [("code", "200"), ("job", "web")], (1000, 17.5)),
        SentSeries("up", [("instance", "b:1"), ("job", "node")], (-1000, -1)),
    ]

    private static func damaged(_ bytes: [UInt8], _ numbers: inout Numbers) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0...3, using: &numbers) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &numbers)
            switch Int.random(in: 0...3, using: &numbers) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &numbers)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &numbers)
            case 2: bytes.removeLast(bytes.count - place)
            default: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
            }
        }
        return bytes
    }

    @Test(arguments: [false, true], [1, 2, 3] as [UInt64])
    func `is refused or read, and read the same by whoever knows its labels`(isVersion2: Bool, seed: UInt64) {
        var numbers = Numbers(state: seed)
        let whole = isVersion2 ? SentSeries.message2(Self.series) : SentSeries.message(Self.series)
        let reading = RemoteWriteReading()
        var read = 0
        for _ in 0..<3000 {
            let bytes = Self.damaged(whole, &numbers)
            let cold = RemoteWriteReading().contents(of: bytes, isVersion2: isVersion2)
            let warm = reading.contents(of: bytes, isVersion2: isVersion2)
            #expect(cold == warm)
            #expect(reading.contents(of: bytes, isVersion2: isVersion2) == warm)
            read += cold == nil ? 0 : 1
        }
        #expect(read > 100 && read < 2900)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `in a damaged block is refused, or has the length that the block claims`(seed: UInt64) {
        var numbers = Numbers(state: seed)
        let block = Snappy.encode(SentSeries.message(Self.series + Self.series))
        for _ in 0..<5000 {
            let bytes = Self.damaged(block, &numbers)
            guard let content = try? Snappy.decode(bytes, atMost: 1 << 20) else { continue }
            #expect((try? Snappy.claimedLength(bytes).length) == content.count)
            #expect((try? Snappy.decode(Snappy.encode(content), atMost: content.count)) == content)
        }
    }
}
