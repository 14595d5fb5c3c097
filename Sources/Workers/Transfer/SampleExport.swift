internal import Core
internal import Postgres

/// What an export has.
struct ExportQuery: Sendable {
    /// Nil when the client does not say.
    var format: TransferFormat?
    /// Inclusive.
    var from: Timestamp
    /// Inclusive.
    var to: Timestamp
    var componentID: Int64?
    var componentName: String?
    var metricName: String?
}

/// Renders stored samples piece by piece: component by component, and in the order of the rows' times. Each piece is a
/// query of its own, so that a slow client holds neither a connection nor memory.
actor SampleExport {
    /// How many rows a piece is made of; each has at most a thousand samples.
    private static let rows = 24
    /// How many series are remembered between pieces.
    private static let mostSeries = 10_000

    private let query: ExportQuery
    private let format: TransferFormat
    private let pool: Pool
    private let keptSince: Timestamp
    private let now: Timestamp
    private var components: ArraySlice<Component>
    private var place = StoredBlocksStore.Place()
    /// The series of the metric that is asked for, within the component; nil for all.
    private var numbers: [Int32]?
    private var knowsNumbers = false
    private var series: [Int32: StoredSeries] = [:]
    private var isBegun = false

    init(
        _ query: ExportQuery,
        as format: TransferFormat,
        of components: [Component],
        pool: Pool,
        keep: Duration,
        now: Timestamp
    ) {
        self.query = query
        self.format = format
        self.components = components[...]
        self.pool = pool
        self.now = now
        keptSince = now - keep
    }

    /// The next piece; nil at the end.
    func next() async throws -> [UInt8]? {
        if !isBegun {
            isBegun = true
            if !format.header.isEmpty { return format.header }
        }
        while let component = components.first {
            let blocks = try await page(component)
            guard let last = blocks.last else {
                components = components.dropFirst()
                (place, series, knowsNumbers) = (StoredBlocksStore.Place(), [:], false)
                continue
            }
            place = StoredBlocksStore.Place(lastAt: last.lastAt, metricID: last.metricID)
            let bytes = render(blocks)
            if !bytes.isEmpty { return bytes }
        }
        return nil
    }

    /// Reads the next rows, and the series in them that are not known yet.
    private func page(_ component: Component) async throws -> [StoredBlock] {
        let (query, place, known, since, now) = (query, place, Set(series.keys), keptSince, now)
        let (oldNumbers, knowsNumbers) = (numbers, knowsNumbers)
        let (blocks, new, numbers) = try await pool.withConnection { connection in
            var numbers = oldNumbers
            if !knowsNumbers {
                numbers = try query.metricName.map {
                    try StoredBlocksStore.fetchNumbers(of: component, metric: $0, on: connection)
                }
            }
            if numbers?.isEmpty == true { return ([StoredBlock](), [Int32: StoredSeries](), numbers) }
            let blocks = try StoredBlocksStore.fetch(
                of: component,
                from: query.from,
                to: query.to,
                after: place,
                of: numbers,
                atMost: Self.rows,
                on: connection
            )
            let missing = Set(blocks.lazy.flatMap(\.series)).subtracting(known)
            let new =
                try missing.isEmpty
                ? [:]
                : StoredBlocksStore.fetchSeries(
                    Array(missing),
                    keptSince: since,
                    now: now,
                    on: connection
                )
            return (blocks, new, numbers)
        }
        self.numbers = numbers
        self.knowsNumbers = true
        series.merge(new) { $1 }
        return blocks
    }

    private func render(_ blocks: [StoredBlock]) -> [UInt8] {
        var order: [Int32] = []
        var found: [Int32: SeriesSamples] = [:]
        let times = query.from.microseconds...query.to.microseconds
        for block in blocks {
            for (index, number) in block.series.enumerated() where times.contains(block.times[index]) {
                guard let known = series[number], block.receivedAt >= known.keptSince,
                    query.metricName.map({ $0.utf8.elementsEqual(known.metricName.utf8) }) ?? true
                else { continue }
                if found[number] == nil {
                    order.append(number)
                    found[number] = SeriesSamples(name: known.name, labels: known.labels)
                }
                found[number]?.times.append(Self.milliseconds(block.times[index]))
                found[number]?.values.append(block.values[index])
            }
        }
        if series.count > Self.mostSeries { series = [:] }
        var bytes: [UInt8] = []
        for number in order {
            if let samples = found[number] { format.append(samples, to: &bytes) }
        }
        return bytes
    }

    /// Rounded down, also before 1970.
    static func milliseconds(_ microseconds: Int64) -> Int64 {
        let (quotient, rest) = microseconds.quotientAndRemainder(dividingBy: 1000)
        return rest < 0 ? quotient - 1 : quotient
    }
}
