internal import Core
internal import Postgres
internal import Synchronization

/// What answers say of series, remembered from question to question: to read and to render it again takes longer than all
/// the rest. PostgreSQL is always asked whether a description is still the one that is remembered. Any thread.
final class SeriesTexts: Sendable {
    private struct Entry {
        let describedAt: Timestamp
        let text: SeriesText
    }

    private struct Guarded {
        var entries: [Int32: Entry] = [:]
        var bytes = 0
    }

    private static let described = Statement("described series", file: PackageResources.described_series_sql)
    /// What is remembered, in bytes, about; beyond, all is forgotten and asked for again.
    private let mostBytes: Int
    // Guards the texts.
    private let guarded = Mutex(Guarded())

    init(mostBytes: Int = 8 << 20) {
        self.mostBytes = mostBytes
    }

    /// What is said of the series of some samples; nothing of those that PostgreSQL does not have any more.
    func texts(
        of samples: [StoredSample],
        _ standing: SeriesStanding,
        on connection: Connection
    ) throws -> [Int32: SeriesText] {
        let numbers = Set(samples.lazy.map(\.series))
        var texts: [Int32: SeriesText] = [:]
        texts.reserveCapacity(numbers.count)
        var unknown: [Int64] = []
        guarded.withLock { guarded in
            for number in numbers {
                guard let time = standing.describedAt[number] else { continue }
                if let entry = guarded.entries[number], entry.describedAt == time {
                    texts[number] = entry.text
                } else {
                    unknown.append(Int64(number))
                }
            }
        }
        guard !unknown.isEmpty else { return texts }
        for row in try connection.execute(Self.described, [.int64Array(unknown)]) {
            let number = Int32(truncatingIfNeeded: try row.int64(0))
            let text = try SeriesText(row)
            texts[number] = text
            keep(Entry(describedAt: try row.timestamp("described_at"), text: text), of: number)
        }
        return texts
    }

    private func keep(_ entry: Entry, of number: Int32) {
        guarded.withLock { guarded in
            if guarded.bytes + entry.text.bytes > mostBytes { guarded = Guarded() }
            let old = guarded.entries.updateValue(entry, forKey: number)
            guarded.bytes += entry.text.bytes - (old?.text.bytes ?? 0)
        }
    }
}

extension SeriesText {
    /// What it takes in memory, about.
    fileprivate var bytes: Int { upToValue.count + behind.count + 192 }
}
