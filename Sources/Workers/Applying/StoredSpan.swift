internal import Core

/// The samples of a row: whose, from when, and when they arrived.
struct StoredSpan: Hashable, Sendable {
    let runtimeID: Int64
    let first: Timestamp
    let last: Timestamp
    let receivedAt: Timestamp
    /// The journal of the line, and how many samples there are.
    let journal: UUID128
    let samples: Int
}

extension StoredSpan {
    /// Nil for a block without samples.
    init?(_ block: SampleBlock, of runtimeID: Int64, _ element: WorkersElement) {
        guard var first = block.samples.first?.at else { return nil }
        var last = first
        for sample in block.samples {
            first = min(first, sample.at)
            last = max(last, sample.at)
        }
        self.init(
            runtimeID: runtimeID,
            first: first,
            last: last,
            receivedAt: element.at,
            journal: element.journal,
            samples: block.samples.count
        )
    }
}
