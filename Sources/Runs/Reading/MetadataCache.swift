internal import Core
internal import HTTP
internal import Synchronization

/// Caches the names for a short time, or until a write of this process; writes of other Weirs show after that time.
final class MetadataCache: Sendable {
    private static let lifetime = Duration.seconds(5)

    private struct Guarded {
        var names: RunNames?
        var end = ContinuousClock.now
        var generation: UInt64 = 0
    }

    // Guards the names and the number of the last write that dropped them.
    private let guarded = Mutex(Guarded())

    /// The names while they are fresh.
    var current: RunNames? {
        guarded.withLock { ContinuousClock.now < $0.end ? $0.names : nil }
    }

    /// Begins to read names; returns a number with which `fill` refuses them if there was a write in between.
    func begin() -> UInt64 {
        guarded.withLock { $0.generation }
    }

    func fill(_ names: RunNames, _ generation: UInt64) {
        guarded.withLock { guarded in
            guard guarded.generation == generation else { return }
            guarded.names = names
            guarded.end = .now + Self.lifetime
        }
    }

    func drop() {
        guarded.withLock { guarded in
            guarded.generation += 1
            guarded.names = nil
        }
    }
}
