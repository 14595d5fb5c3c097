internal import OpenTelemetry
internal import Synchronization

/// The failed attempts of a run that its pages have had lately, so that a retry links to the one before: of very many
/// the last ones. Any thread.
final class FailedAttempts: Sendable {
    /// An attempt by what its retry knows of it.
    struct Key: Hashable, Sendable {
        let name: String
        let attempt: Int64
    }

    private struct State {
        var spans: [Key: SpanID] = [:]
        /// In the order in which they came; those before `first` are gone.
        var order: [Key] = []
        var first = 0
        /// Where the pages have come to; nil before the first one.
        var position: NextflowTrace.Position?
    }

    /// How many are kept.
    let capacity: Int
    // Guards what is kept.
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { state.withLock { $0.spans.count } }

    subscript(key: Key) -> SpanID? { state.withLock { $0.spans[key] } }

    func add(_ key: Key, _ span: SpanID) {
        state.withLock { state in
            if state.spans.updateValue(span, forKey: key) == nil { state.order.append(key) }
            while state.spans.count > capacity {
                state.spans[state.order[state.first]] = nil
                state.first += 1
            }
            // Each key is moved once for each time that it is kept.
            guard state.first > capacity else { return }
            state.order.removeFirst(state.first)
            state.first = 0
        }
    }

    /// Whether the pages before a position were read just now; otherwise nothing is kept any more.
    func goesOn(at position: NextflowTrace.Position) -> Bool {
        state.withLock { state in
            guard state.position != position else { return true }
            state = State()
            return false
        }
    }

    /// Notes where the pages have come to.
    func reached(_ position: NextflowTrace.Position) { state.withLock { $0.position = position } }
}
