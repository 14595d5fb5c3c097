/// The samples of a part, cut into rows: at most 1000 samples each, within an hour. See `SampleBlock`.
struct SamplePortions {
    private(set) var rows: [Row] = []

    struct Row: Sendable {
        /// Whether its samples have the ids behind those of the row before it: a portion that spans too much.
        var continues = false
        var first = Int64.max
        var last = Int64.min
        var numbers: [Int32] = []
        var times: [Int64] = []
        var values: [Double] = []

        init(continues: Bool = false, reserving count: Int = 0) {
            self.continues = continues
            let count = min(count, SampleBlock.mostSamples)
            numbers.reserveCapacity(count)
            times.reserveCapacity(count)
            values.reserveCapacity(count)
        }
    }

    /// The samples of a part of the component with this id, whose series the batch has stored.
    init(
        _ part: WriteRequest.Part,
        of request: WriteRequest,
        _ runtimeID: Int64,
        _ known: SeriesNumbers.Table
    ) {
        var row = Row(reserving: part.samples)
        for index in part.entries {
            let number = known.number(of: request.entries[index].identity, of: runtimeID)
            for sample in request.entries[index].samples {
                if row.values.count == SampleBlock.mostSamples { close(&row) }
                row.append(number, request.times[sample], request.values[sample])
            }
        }
        close(&row)
    }

    private mutating func close(_ row: inout Row) {
        rows += row.withinSpan
        row = Row()
    }
}

extension SamplePortions.Row {
    private static let longest: Int64 = {
        let (seconds, _) = SampleBlock.longestSpan.components
        return seconds * 1_000_000
    }()

    mutating func append(_ number: Int32, _ time: Int64, _ value: Double) {
        first = min(first, time)
        last = max(last, time)
        numbers.append(number)
        times.append(time)
        values.append(value)
    }

    /// This row; or several in the order of the times, when it spans too much.
    var withinSpan: [Self] {
        guard !values.isEmpty else { return [] }
        guard last - first > Self.longest else { return [self] }
        var rows: [Self] = []
        for index in times.indices.sorted(by: { times[$0] < times[$1] }) {
            if rows.last.map({ times[index] - $0.first > Self.longest }) ?? true {
                rows.append(Self(continues: !rows.isEmpty))
            }
            rows[rows.count - 1].append(numbers[index], times[index], values[index])
        }
        return rows
    }
}
