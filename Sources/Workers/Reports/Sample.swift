internal import Core
internal import Ingest

/// The types of metrics, as the table of the contract allows them. Contract noetl §3.1.
enum MetricType: String, CaseIterable, Sendable {
    case counter, gauge, histogram, summary
}

/// A series: all samples of a component that have one metric name, type and set of labels.
///
/// An object, since millions of samples refer to it.
final class Series: Sendable {
    /// A digest of what makes the series, including its component.
    let key: UUID128
    let name: String
    let type: MetricType
    let labels: LabelSet
    /// What the sender says about the metric; not a part of the key.
    let help: String?
    let unit: String?
    /// Tells descriptions of one series apart, within a process.
    let description: Int

    /// A series that PostgreSQL has, with its key.
    init(
        key: UUID128,
        _ name: String,
        _ type: MetricType,
        _ labels: LabelSet,
        help: String?,
        unit: String?
    ) {
        self.key = key
        self.name = name
        self.type = type
        self.labels = labels
        self.help = help
        self.unit = unit
        description = Self.description(type, help, unit)
    }

    /// A series as its component reports it.
    init(
        of component: ComponentKey,
        _ name: String,
        _ type: MetricType,
        _ labels: LabelSet,
        help: String?,
        unit: String?
    ) {
        self.name = name
        self.type = type
        self.labels = labels
        self.help = help
        self.unit = unit
        description = Self.description(type, help, unit)
        var digest = KeyDigest()
        digest.add(component.type.rawValue)
        digest.add(component.name)
        digest.add(name)
        digest.add(type.rawValue)
        for label in labels.pairs {
            digest.add(label.name)
            digest.add(label.value)
        }
        key = digest.finish()
    }

    /// Tells descriptions of one series apart, within a process.
    static func description(_ type: MetricType, _ help: String?, _ unit: String?) -> Int {
        var hasher = Hasher()
        hasher.combine(type)
        hasher.combine(help)
        hasher.combine(unit)
        return hasher.finalize()
    }
}

/// Labels in one order, whatever the order they were sent in: two sets are equal when JSON objects would be.
struct LabelSet: Hashable, Sendable {
    /// Sorted by name; no name twice.
    let pairs: [Pair]

    /// Compared by bytes: to Swift, texts are equal that PostgreSQL tells apart.
    struct Pair: Hashable, Sendable {
        let name: String
        let value: String

        static func == (left: Pair, right: Pair) -> Bool {
            left.name.utf8.elementsEqual(right.name.utf8) && left.value.utf8.elementsEqual(right.value.utf8)
        }

        func hash(into hasher: inout Hasher) {
            for byte in name.utf8 { hasher.combine(byte) }
            for byte in value.utf8 { hasher.combine(byte) }
        }
    }

    static let none = LabelSet([])

    /// The value of a label.
    subscript(name: String) -> String? {
        pairs.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The rest of the labels.
    func without(_ names: [String]) -> LabelSet {
        LabelSet(pairs.lazy.filter { !names.contains($0.name) }.map { ($0.name, $0.value) })
    }

    /// Of a repeated name the last value counts.
    init(_ pairs: [(String, String)]) {
        var sorted: [Pair] = []
        sorted.reserveCapacity(pairs.count)
        for (name, value) in pairs { sorted.append(Pair(name: name, value: value)) }
        // Stable, so that the last one of a name stays last.
        sorted.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        var unique: [Pair] = []
        unique.reserveCapacity(sorted.count)
        for pair in sorted {
            if let last = unique.last, last.name.utf8.elementsEqual(pair.name.utf8) { unique.removeLast() }
            unique.append(pair)
        }
        self.pairs = unique
    }

    /// Reads the JSON object that `json` wrote.
    init(json: [UInt8]?) {
        let members = json.flatMap { try? JSONDocument($0) }?.root.members
        self.init(members.map { $0.map { ($0.key.string ?? "", $0.value.string ?? "") } } ?? [])
    }

    /// A JSON object; nil for no labels, which the contract stores like null.
    var json: [UInt8]? {
        guard !pairs.isEmpty else { return nil }
        var writer = JSONWriter()
        writer.object { object in for pair in pairs { object.member(pair.name, pair.value) } }
        return writer.bytes
    }
}

/// A measured value.
struct Sample: Sendable {
    let series: Series
    /// As the sender said, or the arrival.
    let at: Timestamp
    let value: Double
    var exemplar: Exemplar?
}
