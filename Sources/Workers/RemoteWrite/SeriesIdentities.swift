internal import Core
internal import Synchronization

/// The identities of series by the digests of their labels as they are sent: only the first occurrence of a series is
/// read, all others are looked up here. Any thread.
final class SeriesIdentities: Sendable {
    private struct Guarded {
        var young: [RawDigest: SeriesIdentity] = [:]
        /// What was not used since `young` was begun is forgotten with the next change of generations.
        var old: [RawDigest: SeriesIdentity] = [:]
        var components: [ComponentKey: SeriesIdentity.SharedComponent] = [:]
    }

    private let mostOfGeneration: Int
    // Guards everything.
    private let guarded = Mutex(Guarded())

    /// Remembers about `most` series, each with about a hundred bytes.
    init(most: Int = 500_000) {
        mostOfGeneration = max(most / 2, 1)
    }

    /// How many are remembered.
    var count: Int { guarded.withLock { $0.young.count + $0.old.count } }

    /// The identities of some digests; nil for unknown ones.
    func find(_ digests: [RawDigest]) -> [SeriesIdentity?] {
        guarded.withLock { guarded in
            digests.map { digest in
                if let known = guarded.young[digest] { return known }
                guard let known = guarded.old.removeValue(forKey: digest) else { return nil }
                keep(known, as: digest, &guarded)
                return known
            }
        }
    }

    /// Remembers a series of a component.
    func learn(_ digest: RawDigest, _ key: UUID128, of component: ComponentKey) -> SeriesIdentity {
        guarded.withLock { guarded in
            let shared = guarded.components[component] ?? SeriesIdentity.SharedComponent(component)
            // They are few; if they are not, some are not shared.
            if guarded.components.count > 10_000 { guarded.components = [:] }
            guarded.components[component] = shared
            let identity = SeriesIdentity(key, of: shared)
            keep(identity, as: digest, &guarded)
            return identity
        }
    }

    private func keep(_ identity: SeriesIdentity, as digest: RawDigest, _ guarded: inout Guarded) {
        if guarded.young.count >= mostOfGeneration {
            guarded.old = guarded.young
            guarded.young = [:]
        }
        guarded.young[digest] = identity
    }
}
