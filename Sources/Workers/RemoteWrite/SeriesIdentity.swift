internal import Core
internal import Synchronization

/// A series as remote-write sends it, which all of its samples refer to: nothing that this process knows of it is looked up
/// again by its key. Any thread, but for what is said otherwise.
final class SeriesIdentity: Sendable {
    /// The key of a component, which its series share.
    final class SharedComponent: Sendable {
        let key: ComponentKey

        init(_ key: ComponentKey) { self.key = key }
    }

    let key: UUID128
    let component: SharedComponent
    private let place = Atomic<Int>(-1)
    // The number in PostgreSQL, negative as long as it is unknown, the component that it is for, and what tells its
    // descriptions apart. Only the loader writes and reads them, so that they fit together.
    private let number = Atomic<Int>(-1)
    private let runtimeID = Atomic<Int64>(0)
    private let description = Atomic<Int>(0)

    init(_ key: UUID128, of component: SharedComponent) {
        self.key = key
        self.component = component
    }

    /// Where it may be in the table of latest values: somebody else may be there by now. Negative at first.
    var slot: Int {
        get { place.load(ordering: .relaxed) }
        set { place.store(newValue, ordering: .relaxed) }
    }

    /// What PostgreSQL has; nil when that is unknown, or when the component was deleted and has another id now. For the
    /// loader.
    func known(of runtimeID: Int64) -> SeriesNumbers.Known? {
        let number = number.load(ordering: .relaxed)
        guard number >= 0, self.runtimeID.load(ordering: .relaxed) == runtimeID else { return nil }
        return SeriesNumbers.Known(
            number: Int32(truncatingIfNeeded: number),
            runtimeID: runtimeID,
            description: description.load(ordering: .relaxed)
        )
    }

    /// Remembers what is committed. For the loader.
    func learn(_ known: SeriesNumbers.Known) {
        runtimeID.store(known.runtimeID, ordering: .relaxed)
        description.store(known.description, ordering: .relaxed)
        number.store(Int(known.number), ordering: .relaxed)
    }
}
