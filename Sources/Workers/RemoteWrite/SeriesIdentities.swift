internal import Core
internal import Synchronization

/// The identities of series by the digests of their labels as they are sent: only the first occurrence of a series is
/// read, all others are looked up here. Any thread.
final class SeriesIdentities: Sendable {
    private struct Entry {
        let digest: RawDigest
        let identity: SeriesIdentity
        /// The place of the series that was asked for next. A sender repeats its series in one order, so that most of them
        /// are found without a look into a table that fits no cache.
        var next: Int32 = 0
    }

    private struct Generation {
        var places: [RawDigest: Int32] = [:]
        var entries: [Entry] = []
    }

    private struct Guarded {
        var young = Generation()
        /// What was not used since `young` was begun is forgotten with the next change of generations.
        var old = Generation()
        var components: [ComponentKey: SeriesIdentity.SharedComponent] = [:]
    }

    private let mostOfGeneration: Int
    // Guards everything.
    private let guarded = Mutex(Guarded())

    /// Remembers about `most` series, each with about 150 bytes.
    init(most: Int = 500_000) {
        mostOfGeneration = max(most / 2, 1)
    }

    /// How many are remembered.
    var count: Int { guarded.withLock { $0.young.places.count + $0.old.places.count } }

    /// The identities of some digests; nil for unknown ones.
    func find(_ digests: [RawDigest]) -> [SeriesIdentity?] {
        guarded.withLock { guarded in
            var last = 0
            return digests.map { digest in
                guard
                    let place = Self.place(of: digest, after: last, &guarded.young)
                        ?? revive(digest, &guarded)
                else { return nil }
                last = place
                return guarded.young.entries[place].identity
            }
        }
    }

    private static func place(of digest: RawDigest, after last: Int, _ young: inout Generation) -> Int? {
        guard last < young.entries.count else { return nil }
        let expected = Int(young.entries[last].next)
        if young.entries[expected].digest == digest { return expected }
        guard let place = young.places[digest] else { return nil }
        young.entries[last].next = place
        return Int(place)
    }

    /// Takes a series over from the old generation.
    private func revive(_ digest: RawDigest, _ guarded: inout Guarded) -> Int? {
        guard let place = guarded.old.places.removeValue(forKey: digest) else { return nil }
        return keep(guarded.old.entries[Int(place)].identity, as: digest, &guarded)
    }

    /// Remembers a series of a component.
    func learn(_ digest: RawDigest, _ key: UUID128, of component: ComponentKey) -> SeriesIdentity {
        guarded.withLock { guarded in
            let shared = guarded.components[component] ?? SeriesIdentity.SharedComponent(component)
            // They are few; if they are not, some are not shared.
            if guarded.components.count > 10_000 { guarded.components = [:] }
            guarded.components[component] = shared
            let place = keep(SeriesIdentity(key, of: shared), as: digest, &guarded)
            return guarded.young.entries[place].identity
        }
    }

    /// Returns its place.
    @discardableResult
    private func keep(_ identity: SeriesIdentity, as digest: RawDigest, _ guarded: inout Guarded) -> Int {
        if let known = guarded.young.places[digest] { return Int(known) }
        if guarded.young.entries.count >= mostOfGeneration {
            guarded.old = guarded.young
            guarded.young = Generation()
        }
        let place = guarded.young.entries.count
        guarded.young.places[digest] = Int32(place)
        guarded.young.entries.append(Entry(digest: digest, identity: identity))
        return place
    }
}
