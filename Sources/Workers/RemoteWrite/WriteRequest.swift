internal import Core
internal import Ingest

/// A request of remote-write, read: its samples by component, and what of it is not stored.
///
/// Times and values are arrays of numbers: nothing is allocated for a sample.
struct WriteRequest: Sendable {
    /// A series of the request with some samples, which lie together.
    struct Entry: Sendable {
        /// Its number in the request.
        let place: Int
        /// Where its labels are in the message.
        let labels: Range<Int>
        /// Where its description is in the message; nil in version 1, and when it has none.
        let metadata: Range<Int>?
        /// Indices of its samples.
        let samples: Range<Int>
        let identity: SeriesIdentity
    }

    /// The series of a component.
    struct Part: Sendable {
        let component: SeriesIdentity.SharedComponent
        /// Indices of its entries.
        var entries: [Int] = []
        var samples = 0
    }

    /// What is not stored.
    struct Rejected: Sendable {
        /// The numbers of the series, as the request has them, ascending.
        var places: [Int] = []
        /// How many samples each fault costs.
        var samples: [SeriesFault: Int] = [:]

        mutating func add(_ fault: SeriesFault, _ count: Int, at place: Int? = nil) {
            samples[fault, default: 0] += count
            if let place { places.append(place) }
        }
    }

    let message: WriteMessage
    var entries: [Entry] = []
    /// In the order in which they come first.
    var parts: [Part] = []
    /// In microseconds since 1970.
    var times: [Int64] = []
    var values: [Double] = []
    var rejected = Rejected()
    /// Native histograms, which are not stored.
    var histograms = 0
    /// Exemplars, which are not stored.
    var exemplars = 0
    /// Descriptions of version 1, which are not stored.
    var descriptions = 0

    /// How many samples are stored.
    var sampleCount: Int { parts.reduce(0) { $0 + $1.samples } }

    /// Leaves out entries; the parts stay, also those without entries.
    mutating func keep(_ isKept: (Entry) -> Bool) {
        for index in parts.indices {
            let kept = parts[index].entries.filter { isKept(entries[$0]) }
            parts[index].entries = kept
            parts[index].samples = kept.reduce(0) { $0 + entries[$1].samples.count }
        }
    }

    /// The series of an entry. It was read before, so its labels are valid.
    func series(_ entry: Entry) -> Series? {
        guard let labels = try? message.labels(in: entry.labels, .none) else { return nil }
        let description = entry.metadata.flatMap { message.description(message.references(in: $0)) }
        return Series(remote: entry.identity.key, labels, description)
    }
}

extension Series {
    /// A series of remote-write. Its type is no part of its key: version 1 says the type in another request, if ever,
    /// and a series must stay the same when it comes.
    convenience init(remote key: UUID128, _ sent: WriteLabels, _ described: WriteDescription?) {
        self.init(
            key: key,
            sent.name,
            described?.type ?? MetricType(ofName: sent.name, sent.labels),
            sent.labels,
            help: described?.help,
            unit: described?.unit
        )
    }

    /// The key of a series of remote-write.
    static func remoteKey(_ sent: WriteLabels) -> UUID128 {
        var digest = KeyDigest()
        digest.add(sent.component.type.rawValue)
        digest.add(sent.component.name)
        digest.add(sent.name)
        digest.add("remote-write")
        for label in sent.labels.pairs {
            digest.add(label.name)
            digest.add(label.value)
        }
        return digest.finish()
    }
}

extension MetricType {
    /// What a name says by the conventions of Prometheus, where nobody says more.
    init(ofName name: String, _ labels: LabelSet) {
        if name.hasSuffix("_total") {
            self = .counter
        } else if name.hasSuffix("_bucket"), labels.pairs.contains(where: { $0.name == "le" }) {
            self = .histogram
        } else if labels.pairs.contains(where: { $0.name == "quantile" }) {
            self = .summary
        } else if name.hasSuffix("_sum") || name.hasSuffix("_count") {
            self = .histogram
        } else {
            self = .gauge
        }
    }
}
