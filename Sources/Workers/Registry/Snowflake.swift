internal import Core
internal import Synchronization

/// Mints the ids of components and samples. Contract noetl §3.3.
///
/// An id has 63 bits: milliseconds since 2024, shifted by 22; a node from 0 to 1023, shifted by 12; a sequence number
/// from 0 to 4095. While the clock steps back the last millisecond goes on. Any thread.
final class Snowflake: Sendable {
    /// 2024-01-01T00:00:00Z.
    static let epochMilliseconds: Int64 = 1_704_067_200_000
    /// How many ids one millisecond has.
    static let idsPerMillisecond: Int64 = 4096

    private let node: Int64
    private let clock: @Sendable () -> Timestamp
    /// The next free position: milliseconds since 2024 times `idsPerMillisecond`, plus the sequence number.
    private let next = Mutex<Int64>(0)

    /// Makes a generator for a node; of a larger number its ten lowest bits count.
    init(node: Int, clock: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.node = Int64(node & 1023)
        self.clock = clock
    }

    /// No id that was minted from a moment on is smaller.
    static func first(at moment: Timestamp) -> Int64 {
        max(moment.microseconds / 1000 - epochMilliseconds, 0) << 22
    }

    /// The first of `count` new ids, which differ by one; `count` is from 1 to 4096.
    func mint(_ count: Int = 1) -> Int64 {
        precondition((1...Int(Self.idsPerMillisecond)).contains(count), "BUG: ids of more than a millisecond")
        let now = max(clock().microseconds / 1000 - Self.epochMilliseconds, 0) * Self.idsPerMillisecond
        let position = next.withLock { next in
            var first = max(now, next)
            let sequence = first % Self.idsPerMillisecond
            // They must not reach into the bits of the node.
            if sequence + Int64(count) > Self.idsPerMillisecond { first += Self.idsPerMillisecond - sequence }
            next = first + Int64(count)
            return first
        }
        let (milliseconds, sequence) = position.quotientAndRemainder(dividingBy: Self.idsPerMillisecond)
        return milliseconds << 22 | node << 12 | sequence
    }
}
