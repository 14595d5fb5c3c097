internal import Core
internal import Journal

/// Stores the samples of a file, in portions: each is one line of the journal.
struct SampleImporter: Sendable {
    /// How many samples a portion has at most. A file is cut in the same way each time, so that the portions of a file
    /// that is imported again are known.
    private static let portionSamples = 10_000

    /// What was stored, and what was not.
    struct Summary: Sendable {
        var samples = 0
        var dropped: [SeriesFault: Int] = [:]
    }

    let writer: RemoteWriter

    /// Reads the whole file before it stores anything.
    func run(
        _ body: [UInt8],
        _ format: TransferFormat,
        arrivedAt arrival: Timestamp
    ) async throws(ImportFault) -> Summary {
        var summary = Summary()
        do throws(TransferError) {
            var reader = TransferReader(body, format, arrivedAt: arrival)
            while try reader.next() != nil {}
        } catch {
            throw .malformed(error)
        }
        var reader = TransferReader(body, format, arrivedAt: arrival)
        var portion = Portion()
        while let next = try? reader.next() {
            var rest = next.all
            while !rest.isEmpty {
                rest = portion.add(rest, upTo: Self.portionSamples)
                guard portion.samples == Self.portionSamples else { continue }
                try await store(portion, arrival, &summary)
                portion = Portion()
            }
        }
        if portion.samples > 0 { try await store(portion, arrival, &summary) }
        return summary
    }

    private func store(
        _ portion: Portion,
        _ arrival: Timestamp,
        _ summary: inout Summary
    ) async throws(ImportFault) {
        let message = WriteRequestEncoder.message(portion.series)
        do throws(RemoteWriteFault) {
            let stored = try await writer.write(
                message,
                .v1,
                block: Snappy.encode(message),
                arrivedAt: arrival,
                isImport: true
            )
            summary.samples += stored.sampleCount
            summary.dropped.merge(stored.rejected.samples) { $0 + $1 }
        } catch {
            switch error {
            case .malformed: preconditionFailure("BUG: a message of its own that cannot be read")
            case .notStored(let error): throw .notStored(error)
            }
        }
    }
}

/// Why a file is not stored, or not to its end.
enum ImportFault: Error {
    case malformed(TransferError)
    case notStored(JournalError)
}

/// Samples that are stored together; those of one series side by side.
private struct Portion {
    private(set) var series: [SeriesSamples] = []
    private(set) var samples = 0
    /// By name and labels, compared by bytes.
    private var places: [[LabelSet.Pair]: Int] = [:]

    /// Adds the first of some samples of a series, and returns the others.
    mutating func add(_ more: SeriesSamples.Rest, upTo most: Int) -> SeriesSamples.Rest {
        let identity = [LabelSet.Pair(name: "", value: more.samples.name)] + more.samples.labels
        let place = places[identity] ?? series.count
        if place == series.count {
            places[identity] = place
            series.append(SeriesSamples(name: more.samples.name, labels: more.samples.labels))
        }
        let end = min(more.range.upperBound, more.range.lowerBound + most - samples)
        let taken = more.range.lowerBound..<end
        series[place].times += more.samples.times[taken]
        series[place].values += more.samples.values[taken]
        samples += taken.count
        return SeriesSamples.Rest(samples: more.samples, range: end..<more.range.upperBound)
    }
}

extension SeriesSamples {
    /// A part of the samples of a series.
    struct Rest {
        let samples: SeriesSamples
        let range: Range<Int>

        var isEmpty: Bool { range.isEmpty }
    }

    /// All of them.
    var all: Rest { Rest(samples: self, range: times.indices) }
}
