internal import Core

extension Registry {
    /// A scrape as one flat JSON object, `{"name{labels}": value}`; of histograms only sum and count.
    ///
    /// What is not finite is null.
    package func json(adding additions: MetricsSnapshot = MetricsSnapshot()) -> [UInt8] {
        var snapshot = snapshot()
        snapshot.merge(additions)
        var writer = JSONWriter(reservingCapacity: 8 << 10)
        var written: Set<String> = []
        writer.object { object in
            for family in snapshot.families.sorted(by: { $0.name < $1.name }) {
                for series in family.series.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) {
                    for (suffix, value) in series.reading.numbers {
                        let labels =
                            series.labels.isEmpty ? "" : "{\(String(decoding: series.labels, as: UTF8.self))}"
                        let name = family.name + suffix + labels
                        // Of duplicate series the first counts, as in the text formats.
                        if written.insert(name).inserted { object.member(name, value) }
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension MetricReading {
    /// Sum and count of a histogram, or the number itself.
    fileprivate var numbers: [(suffix: String, value: Double)] {
        switch self {
        case .number(let value): [("", value)]
        case .histogram(let histogram):
            [("_sum", histogram.sum), ("_count", Double(histogram.counts.reduce(0, +)))]
        }
    }
}
