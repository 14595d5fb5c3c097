internal import Core
internal import Journal

/// A line, decoded.
package struct WorkersElement: Sendable {
    let seq: Int64
    let journal: UUID128
    let at: Timestamp
    let operation: WorkersOperation
}

extension WorkersElement {
    /// Its write by remote-write, if it is one.
    var remoteWrite: RemoteWrite? {
        if case .remoteWrite(let write) = operation { write } else { nil }
    }

    /// Its push, if it is one.
    var push: (change: PushChange, component: Component)? {
        if case .push(let change, let component, _) = operation { (change, component) } else { nil }
    }
}

/// What a line does.
enum WorkersOperation: Sendable {
    case register(Component, Registration)
    case heartbeat(Component)
    case deregister(ComponentKey)
    case sweep(before: Timestamp)
    case report(Component, blocks: [SampleBlock])
    case remoteWrite(RemoteWrite)
    /// Metrics by OTLP, those of one component.
    case measurements(Component, blocks: [SampleBlock])
    case ttl(TTLChange)
    case seriesLimit(Component, limit: Int64)
    case push(PushChange, Component, blocks: [SampleBlock])

    /// The component and the samples of a report, of OTLP or of a push.
    var samples: (component: Component, blocks: [SampleBlock], isPushed: Bool)? {
        switch self {
        case .report(let component, let blocks), .measurements(let component, let blocks):
            (component, blocks, false)
        case .push(_, let component, let blocks): (component, blocks, true)
        default: nil
        }
    }
}

extension WorkersOperation {
    /// Whether it stores samples.
    var hasSamples: Bool {
        switch self {
        case .report, .remoteWrite, .measurements, .push: true
        case .register, .heartbeat, .deregister, .sweep, .ttl, .seriesLimit: false
        }
    }
}

/// Samples that become one row.
struct SampleBlock: Sendable {
    /// How many samples a row has at most.
    static let mostSamples = 1000

    /// The id of the first sample; the others follow.
    let metricID: Int64
    let samples: [Sample]

    /// No block spans more time: a query that looks for a moment knows which blocks may have it.
    static let longestSpan = Duration.seconds(3600)

    /// Cuts samples into blocks. `ids` are the ids of the blocks' first samples; further blocks continue the last one.
    static func blocks(_ samples: [Sample], ids: [Int64]) -> [SampleBlock] {
        var blocks: [SampleBlock] = []
        var ids = ids[...]
        var next: Int64 = 0
        for start in stride(from: 0, to: samples.count, by: mostSamples) {
            // An id stands for all samples of a portion, also when they become several blocks.
            next = ids.popFirst() ?? next
            for piece in pieces(Array(samples[start..<min(start + mostSamples, samples.count)])) {
                blocks.append(SampleBlock(metricID: next, samples: piece))
                next += Int64(piece.count)
            }
        }
        return blocks
    }

    /// The sizes of the blocks of `count` samples that arrive at one time.
    static func counts(of count: Int) -> [Int] {
        stride(from: 0, to: count, by: mostSamples).map { min(mostSamples, count - $0) }
    }

    /// The samples; or in the order of their times, cut where a block would span too much.
    private static func pieces(_ samples: [Sample]) -> [[Sample]] {
        let times = samples.lazy.map(\.at)
        guard let first = times.min(), let last = times.max(), last - first > longestSpan else {
            return [samples]
        }
        var pieces: [[Sample]] = []
        for sample in samples.sorted(by: { $0.at < $1.at }) {
            if let first = pieces.last?.first, sample.at - first.at <= longestSpan {
                pieces[pieces.count - 1].append(sample)
            } else {
                pieces.append([sample])
            }
        }
        return pieces
    }
}

/// Another lifetime for the samples of a metric, or of a component. Contract noetl §1.6.
struct TTLChange: Sendable {
    let metric: String?
    let component: String?
    let days: Int64
}
