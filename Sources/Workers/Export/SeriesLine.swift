internal import Core

/// How a series looks in an export: everything of its line but the value.
struct SeriesLine {
    /// What a histogram or a summary appends to the name of its family. In the order of the lines.
    enum Suffix: UInt8, Sendable {
        case none, bucket, count, sum

        var text: StaticString {
            switch self {
            case .none: ""
            case .bucket: "_bucket"
            case .count: "_count"
            case .sum: "_sum"
            }
        }
    }

    /// The family that the line belongs to: the name without the suffix of a histogram or a summary.
    let family: String
    /// The family's name as it was sent, for the help of a family whose senders give none.
    let sentFamily: String
    let suffix: Suffix
    /// Whether it is a bucket of a histogram or a quantile of a summary.
    let hasBound: Bool
    /// `{labels}`.
    let labels: [UInt8]

    /// Renders a series of a component; nil when its name is empty.
    init?(_ series: Series, of component: ComponentKey) {
        guard let name = ExpositionName.metric(series.name) else { return nil }
        suffix = Self.suffix(of: name, series.type)
        family = String(name.dropLast(suffix.text.utf8CodeUnitCount))
        sentFamily = suffix == .none ? series.name : family
        let pairs = Self.labels(series.labels, component)
        hasBound =
            switch series.type {
            case .histogram: suffix == .bucket && pairs.contains { $0.name == "le" }
            case .summary: suffix == .none && pairs.contains { $0.name == "quantile" }
            case .counter, .gauge: false
            }
        labels = Self.render(pairs)
    }

    private static func suffix(of name: String, _ type: MetricType) -> Suffix {
        let suffixes: [Suffix] =
            switch type {
            case .histogram: [.bucket, .sum, .count]
            case .summary: [.sum, .count]
            case .counter, .gauge: []
            }
        return suffixes.first {
            name.hasSuffix("\($0.text)") && name.utf8.count > $0.text.utf8CodeUnitCount
        } ?? .none
    }

    /// Shorter names first, then bytewise; the component's own names replace those of the sample, or are appended.
    static func labels(_ stored: LabelSet, _ component: ComponentKey) -> [LabelSet.Pair] {
        let sorted = stored.pairs.sorted { left, right in
            let (leftCount, rightCount) = (left.name.utf8.count, right.name.utf8.count)
            return leftCount == rightCount
                ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8) : leftCount < rightCount
        }
        var labels: [LabelSet.Pair] = []
        func set(_ name: String, _ value: String) {
            let pair = LabelSet.Pair(name: name, value: value)
            if let index = labels.firstIndex(where: { $0.name == name }) {
                labels[index] = pair
            } else {
                labels.append(pair)
            }
        }
        for pair in sorted {
            if let name = ExpositionName.label(pair.name) { set(name, pair.value) }
        }
        set("component", component.name)
        set("component_type", component.type.rawValue)
        return labels
    }

    /// An array of exactly its size: a hundred thousand of them are kept.
    private static func render(_ labels: [LabelSet.Pair]) -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for (index, pair) in labels.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: pair.name.utf8)
            bytes.append(contentsOf: "=\"".utf8)
            escape(pair.value, quotes: true, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return Array(bytes[...])
    }

    /// Escapes a label's value, or a help text. Prometheus exposition format 0.0.4.
    static func escape(_ text: String, quotes: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where quotes: bytes.append(contentsOf: "\\\"".utf8)
            default: bytes.append(byte)
            }
        }
    }
}
