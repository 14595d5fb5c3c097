/// The bytes of one durable batch, kept for readers that follow closely.
struct RecentBatch: Sendable {
    let firstSeq: Int64
    let lastSeq: Int64
    /// Whole lines with their line feeds.
    let bytes: [UInt8]
}

/// The most recent batches, bounded in bytes: the journal's tail without reading the disk.
struct RecentWindow: Sendable {
    private let limit: Int
    private var batches: [RecentBatch] = []
    /// Batches before it are evicted already; moved up in one go, so that eviction costs O(1) on average.
    private var head = 0
    private var bytes = 0
    /// Every durable line after this one is in the window.
    private(set) var coversAfter: Int64

    init(limit: Int, coversAfter: Int64) {
        self.limit = limit
        self.coversAfter = coversAfter
    }

    mutating func push(_ batch: RecentBatch) {
        batches.append(batch)
        bytes += batch.bytes.capacity
        while bytes > limit, head < batches.count {
            bytes -= batches[head].bytes.capacity
            coversAfter = batches[head].lastSeq
            batches[head] = RecentBatch(firstSeq: 0, lastSeq: coversAfter, bytes: [])
            head += 1
        }
        if head > 64, head * 2 > batches.count {
            batches.removeFirst(head)
            head = 0
        }
    }

    /// Drops everything: readers read the disk.
    mutating func clear() {
        coversAfter = batches.last?.lastSeq ?? coversAfter
        batches = []
        head = 0
        bytes = 0
    }

    /// Batches with the lines after `position`, about `maxBytes` of them; nil if the window begins later.
    func batches(after position: Int64, maxBytes: Int) -> [RecentBatch]? {
        guard position >= coversAfter else { return nil }
        var low = head
        var high = batches.count
        while low < high {
            let middle = (low + high) / 2
            if batches[middle].lastSeq > position { high = middle } else { low = middle + 1 }
        }
        var result: [RecentBatch] = []
        var taken = 0
        while low < batches.count, taken < maxBytes {
            result.append(batches[low])
            taken += batches[low].bytes.count
            low += 1
        }
        return result
    }
}
