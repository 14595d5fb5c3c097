import Core
import Testing

@testable import Workers

/// Contract noetl §3.3.
@Suite struct `Ids of components and samples` {
    private static func time(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? .epoch }

    @Test func `are those of the contract's example`() {
        let ids = Snowflake(node: 0) { Self.time("2026-11-20T22:01:38.666Z") }
        #expect(ids.mint() == 382_289_413_054_398_464)
        #expect(ids.mint() == 382_289_413_054_398_465)
    }

    @Test func `hold the node between time and sequence`() {
        let ids = Snowflake(node: 1023 + 1024) { Self.time("2024-01-01T00:00:00.001Z") }
        #expect(ids.mint() == 1 << 22 | 1023 << 12)
    }

    @Test func `of one portion stay within a millisecond`() {
        let ids = Snowflake(node: 3) { Self.time("2024-01-01T00:00:00.001Z") }
        #expect(ids.mint(4000) == 1 << 22 | 3 << 12)
        #expect(ids.mint(97) == 2 << 22 | 3 << 12)
        #expect(ids.mint() == 2 << 22 | 3 << 12 | 97)
    }
}
