internal import Synchronization

/// Collects the spans of this process until somebody sends them. Any thread.
///
/// It is off until it is turned on, and then asks one atomic variable for each span. What does not fit is dropped and
/// counted: recording never waits.
package final class SpanRecorder: Sendable {
    private struct State {
        var sampler = Sampler.alwaysOff
        var capacity = 0
        var spans: [Span] = []
        var dropped = 0
    }

    private let isOn = Atomic(false)
    // Guards the spans.
    private let state = Mutex(State())

    /// Makes a recorder that is off.
    package init() {}

    /// Begins to record: at most `capacity` spans wait.
    package func turnOn(_ sampler: Sampler, capacity: Int) {
        state.withLock { state in
            state.sampler = sampler
            state.capacity = capacity
            state.spans.reserveCapacity(capacity)
        }
        isOn.store(sampler != .alwaysOff, ordering: .releasing)
    }

    /// Whether spans are recorded at all.
    package var isRecording: Bool { isOn.load(ordering: .acquiring) }

    /// Records the span that `make` makes with new ids, if the trace is sampled. `parent` is what the caller sent.
    package func record(below parent: TraceParent? = nil, _ make: (TraceID, SpanID) -> Span) {
        guard isRecording else { return }
        let trace = parent?.traceID ?? .random()
        guard state.withLock({ $0.sampler.takes(trace, parent: parent) }) else { return }
        var span = make(trace, .random())
        span.parentID = parent?.spanID
        // Bits 8 and 9: it is known whether the parent is remote, and it is.
        span.flags = parent == nil ? 1 | 0x100 : 1 | 0x300
        state.withLock { state in
            if state.spans.count < state.capacity {
                state.spans.append(span)
            } else {
                state.dropped += 1
            }
        }
    }

    /// How many spans wait.
    package var count: Int { state.withLock { $0.spans.count } }

    /// Takes up to `count` spans, the oldest first.
    package func take(atMost count: Int) -> [Span] {
        state.withLock { state in
            let taken = Array(state.spans.prefix(count))
            state.spans.removeFirst(taken.count)
            return taken
        }
    }

    /// Takes the number of spans that did not fit since it was asked last.
    package func takeDropped() -> Int {
        state.withLock { state in
            defer { state.dropped = 0 }
            return state.dropped
        }
    }
}
