/// The types of the exposition formats that Weir uses.
package enum MetricKind: String, Hashable, Sendable {
    /// Only grows; its name ends with `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// Counts in buckets.
    case histogram
}

/// One series that a family hands out: `Counter`, `Gauge` or `Histogram`.
package protocol Metric: AnyObject, Sendable {
    /// The state at this moment, consistent in itself.
    var reading: MetricReading { get }
}

/// The state of one series at one moment.
package enum MetricReading: Hashable, Sendable {
    /// A counter's or gauge's value.
    case number(Double)
    /// A histogram's buckets.
    case histogram(HistogramReading)
}

/// The state of a histogram at one moment.
package struct HistogramReading: Hashable, Sendable {
    /// Upper bounds, ascending, without infinity.
    package let bounds: [Double]
    /// Observations of each bucket alone, and the last for what exceeds all bounds.
    package let counts: [UInt64]
    /// The sum of all observations.
    package let sum: Double

    /// Takes the parts; `counts` has one element more than `bounds`.
    package init(bounds: [Double], counts: [UInt64], sum: Double) {
        precondition(
            counts.count == bounds.count + 1,
            "BUG: a histogram needs one count a bound and one more"
        )
        self.bounds = bounds
        self.counts = counts
        self.sum = sum
    }
}

/// What identifies a family.
struct MetricDescriptor: Hashable, Sendable {
    let name: String
    let help: String
    let kind: MetricKind
    let labels: [String]
    let bounds: [Double]

    /// The name without the suffix that OpenMetrics gives to a counter's samples only.
    static func baseName(of name: String, kind: MetricKind) -> String {
        kind == .counter && name.hasSuffix("_total") ? String(name.dropLast("_total".count)) : name
    }

    var baseName: String { MetricDescriptor.baseName(of: name, kind: kind) }

    /// What is wrong with it; nil for a descriptor that both exposition formats can carry.
    ///
    /// Source: the Prometheus data model, and the suffixes that OpenMetrics 1.0 reserves.
    var fault: String? {
        if !MetricDescriptor.isName(name, allowing: ":") { return "the name is not valid" }
        if help.isEmpty { return "the help text is missing" }
        if (kind == .counter) != name.hasSuffix("_total") {
            return "counters, and only they, end with _total"
        }
        if ["_bucket", "_count", "_sum"].contains(where: name.hasSuffix) { return "the suffix is reserved" }
        for label in labels where !MetricDescriptor.isName(label) || label.hasPrefix("__") || label == "le" {
            return "label \(label) is not valid"
        }
        if Set(labels).count != labels.count { return "a label is named twice" }
        if zip(bounds, bounds.dropFirst()).contains(where: { $0 >= $1 }) { return "the bounds don't ascend" }
        return bounds.allSatisfy(\.isFinite) ? nil : "infinity needs no bound"
    }

    private static func isName(_ text: String, allowing extra: Character? = nil) -> Bool {
        guard let first = text.first, !first.isNumber else { return false }
        return text.allSatisfy { $0 == "_" || $0 == extra || ($0.isASCII && ($0.isLetter || $0.isNumber)) }
    }
}
