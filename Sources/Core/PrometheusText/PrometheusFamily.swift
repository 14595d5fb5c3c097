/// All samples of a metric: those of a histogram or a summary have several names.
package struct PrometheusFamily: Sendable, Equatable {
    /// The name of the TYPE line, or of the samples.
    package var name: String
    /// `untyped` when the text says nothing.
    package var type: PrometheusType = .untyped
    /// Nil when the text has none.
    package var help: String?
    /// In their order.
    package var samples: [PrometheusSample] = []

    /// Reads a whole text; the families come in the order in which the text names them first.
    ///
    /// - Throws: for a second HELP or TYPE line of a metric, and a TYPE line after its first sample, too.
    package static func all(
        in bytes: [UInt8],
        limits: PrometheusTextLimits = PrometheusTextLimits()
    ) throws(PrometheusTextError) -> [PrometheusFamily] {
        var reader = PrometheusTextReader(bytes, limits: limits)
        var collector = PrometheusFamilies()
        while let entry = try reader.next() {
            if let cause = collector.add(entry) { throw reader.error(cause) }
        }
        return collector.families
    }
}

/// Collects entries into families.
package struct PrometheusFamilies: Sendable {
    /// What was collected, in the order of first names; those without samples too.
    package private(set) var families: [PrometheusFamily] = []
    private var places: [String: Int] = [:]
    /// The families with a TYPE line.
    private var typed: Set<Int> = []

    /// Makes an empty collection.
    package init() {}

    /// Adds an entry; returns what is wrong with it, if anything.
    package mutating func add(_ entry: PrometheusTextEntry) -> PrometheusTextError.Cause? {
        switch entry {
        case .help(let metric, let text):
            let place = place(of: metric)
            guard families[place].help == nil else { return .repeatedHelp }
            families[place].help = text
        case .type(let metric, let type):
            let place = place(of: metric)
            guard !typed.contains(place) else { return .repeatedType }
            guard families[place].samples.isEmpty else { return .lateType }
            typed.insert(place)
            families[place].type = type
        case .sample(let sample):
            families[place(ofSample: sample.name)].samples.append(sample)
        }
        return nil
    }

    private mutating func place(of name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = families.count
        families.append(PrometheusFamily(name: name))
        return families.count - 1
    }

    private mutating func place(ofSample name: String) -> Int {
        place(
            of: PrometheusFamily.name(ofSample: name) { metric in places[metric].map { families[$0].type } }
        )
    }
}

extension PrometheusFamily {
    /// The family of a sample: `x_bucket` belongs to the histogram `x`, `x_sum` and `x_count` to the histogram or
    /// summary `x`, if there is one; `type` knows the types so far.
    package static func name(ofSample name: String, _ type: (String) -> PrometheusType?) -> String {
        for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
            let metric = String(name.dropLast(suffix.count))
            switch type(metric) {
            case .histogram: return metric
            case .summary where suffix != "_bucket": return metric
            default: break
            }
        }
        return name
    }
}
