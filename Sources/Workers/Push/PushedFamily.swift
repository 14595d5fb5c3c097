internal import Core

/// A metric that was pushed, with everything that belongs to it.
struct PushedFamily: Sendable {
    /// One value.
    struct Line: Sendable {
        /// With `_bucket`, `_sum` or `_count`.
        let name: String
        let labels: LabelSet
        let value: Double
        var exemplar: Exemplar?
    }

    let name: String
    let type: MetricType
    let help: String?
    let lines: [Line]

    /// The samples of a group; without an own time, they have that of their arrival.
    func samples(of group: PushGroup, at: Timestamp) -> [Sample] {
        lines.map { line in
            let series = Series(
                of: group.component,
                line.name,
                type,
                group.labels(of: line.labels),
                help: help,
                unit: nil
            )
            return Sample(series: series, at: at, value: line.value, exemplar: line.exemplar)
        }
    }
}

// MARK: - JSON, in the journal and in PostgreSQL

extension PushedFamily {
    func write(to json: inout JSONWriter) {
        json.object { family in
            family.member("name", name)
            family.member("type", type.rawValue)
            if let help { family.member("help", help) }
            family.array("lines") { list in
                for line in lines { list.object { line.write(to: &$0) } }
            }
        }
    }

    /// Reads what `write` wrote; nil for anything else.
    init?(_ node: JSONNode) {
        guard let name = node["name"]?.string, let type = node["type"]?.string.flatMap(MetricType.init),
            let list = node["lines"], list.kind == .array
        else { return nil }
        self.name = name
        self.type = type
        help = node["help"]?.string
        var lines: [Line] = []
        for element in list.elements {
            guard let line = Line(element) else { return nil }
            lines.append(line)
        }
        self.lines = lines
    }
}

extension PushedFamily.Line {
    fileprivate func write(to json: inout JSONWriter) {
        json.member("name", name)
        if let labels = labels.json { json.member("labels", raw: labels) }
        if value.isFinite {
            json.member("value", value)
        } else {
            json.member("value", value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf")
        }
        guard let exemplar else { return }
        json.object("exemplar") { exemplar.write(to: &$0) }
    }

    fileprivate init?(_ node: JSONNode) {
        guard let name = node["name"]?.string, let value = node["value"],
            let number = value.double ?? value.string.flatMap(PythonFloat.value)
        else { return nil }
        self.name = name
        self.value = number
        labels = LabelSet(json: node["labels"].map { Array($0.rawBytes) })
        guard let node = node["exemplar"] else { return }
        exemplar = Exemplar(
            traceID: node["trace_id"]?.string,
            spanID: node["span_id"]?.string,
            executionID: node["execution_id"]?.string,
            value: node["value"]?.double,
            at: node["timestamp"]?.timestamp
        )
    }
}
