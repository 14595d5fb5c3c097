internal import API
internal import Core

/// Reads the body of a report and collects its errors. Contract noetl §1.1, §1.2.
///
/// Of a repeated member the last counts; unknown members are ignored.
struct ReportDecoder {
    private var issues = ValidationIssues()
    private let limits: ReportLimits
    private let identities: MetricIdentities?

    private init(_ limits: ReportLimits, _ identities: MetricIdentities?) {
        self.limits = limits
        self.identities = identities
    }

    /// Reads a document; metrics that were read before with the same limits are found in `identities`.
    ///
    /// - Throws: all errors, in the order of the body.
    static func report(
        _ document: JSONDocument,
        _ limits: ReportLimits,
        _ identities: MetricIdentities? = nil
    ) throws(ValidationIssues) -> MetricReport {
        var decoder = ReportDecoder(limits, identities)
        let report = decoder.read(document)
        guard let report, decoder.issues.isEmpty else { throw decoder.issues }
        return report
    }

    private mutating func read(_ document: JSONDocument) -> MetricReport? {
        let root = document.root
        guard root.kind == .object else { return refuse(Place(), .notARecord, root) }
        let id = runtimeID(root["runtime_id"])
        let name = optionalText(
            root["component_name"],
            Place("component_name"),
            atMost: limits.componentBytes
        )
        let kind = root["component_type"]?.string ?? root["kind"]?.string
        guard let list = root["metrics"] else { return refuse(Place("metrics"), .missing, root) }
        guard list.kind == .array else { return refuse(Place("metrics"), .notAList, list) }
        guard let metrics = metrics(list) else { return nil }
        return MetricReport(
            runtimeID: id == 0 ? nil : id,
            componentName: name?.isEmpty == true ? nil : name,
            componentType: kind.flatMap(ComponentType.init),
            metrics: metrics
        )
    }

    private mutating func metrics(_ list: JSONNode) -> [ReportedMetric]? {
        var metrics: [ReportedMetric] = []
        var count = 0
        for element in list.elements {
            if count < limits.metrics, let metric = metric(element, Place(metric: count)) {
                metrics.append(metric)
            }
            count += 1
        }
        guard count <= limits.metrics else {
            let advice = "send several reports, or raise WEIR_REPORT_MAX_METRICS"
            return refuse(
                Place("metrics"),
                .tooManyItems(limit: limits.metrics, count: count, advice: advice),
                nil
            )
        }
        return metrics
    }

    // MARK: - A metric

    private mutating func metric(_ node: JSONNode, _ place: Place) -> ReportedMetric? {
        guard node.kind == .object else { return refuse(place, .notARecord, node) }
        let members = MetricMembers(node)
        let key = members.identityKey
        let known = identities?[key]
        var name: String?
        var type: MetricType?
        if known == nil {
            name = requiredText(members.name, place.metric("metric_name"), node)
            type = metricType(members.type, place.metric("metric_type"), node)
        }
        let value = number(members.value, place.metric("metric_value"), node)
        var identity = known
        if known == nil {
            identity = self.identity(name, type, members, place)
            if let identity { identities?.insert(identity, key) }
        }
        let time = time(members.timestamp, place.metric("timestamp"))
        let exemplar = exemplar(members.exemplar, identity?.references, place.metric("exemplar"))
        guard let identity, let value, let time else { return nil }
        return ReportedMetric(identity: identity, value: value, time: time, exemplar: exemplar)
    }

    /// Nil when something in it is refused.
    private mutating func identity(
        _ name: String?,
        _ type: MetricType?,
        _ members: MetricMembers,
        _ place: Place
    ) -> MetricIdentity? {
        let before = issues.total
        let labels = labelSet(members.labels, place)
        let help = optionalText(members.help, place.metric("help_text"), atMost: limits.valueBytes)
        let unit = optionalText(members.unit, place.metric("unit"), atMost: limits.nameBytes)
        guard let name, let type, issues.total == before else { return nil }
        let references = Exemplar(traceID: labels["trace_id"], executionID: labels["execution_id"])
        return MetricIdentity(
            name: name,
            type: type,
            labels: references.isEmpty ? labels : labels.without(Exemplar.labels),
            help: help,
            unit: unit,
            references: references.isEmpty ? nil : references
        )
    }

    /// From the member of that name, and from labels that are references.
    private mutating func exemplar(_ node: JSONNode?, _ references: Exemplar?, _ place: Place) -> Exemplar? {
        guard let node, !node.isNull else { return references }
        guard node.kind == .object else { return refuse(place, .notAnObject, node) }
        var exemplar = references ?? Exemplar()
        for (name, member) in [
            ("trace_id", \Exemplar.traceID), ("span_id", \Exemplar.spanID),
            ("execution_id", \Exemplar.executionID),
        ] {
            let text = optionalText(node[name], place.inner(name), atMost: limits.nameBytes)
            if let text { exemplar[keyPath: member] = text }
        }
        if let value = node["value"], !value.isNull {
            exemplar.value = number(value, place.inner("value"), node)
        }
        if case .instant(let at)? = time(node["timestamp"], place.inner("timestamp")) { exemplar.at = at }
        return exemplar.isEmpty ? nil : exemplar
    }

    private mutating func metricType(_ node: JSONNode?, _ place: Place, _ parent: JSONNode) -> MetricType? {
        guard let node else { return refuse(place, .missing, parent) }
        guard let text = node.string else { return refuse(place, .notText, node) }
        let permitted = MetricType.allCases.map(\.rawValue)
        return MetricType(rawValue: text)
            ?? refuse(place, .notLiteral(given: text, permitted: permitted), node)
    }

    /// A number, a numeric text, or a truth value: what Python's `float` takes. Contract noetl §1.2.
    private mutating func number(_ node: JSONNode?, _ place: Place, _ parent: JSONNode) -> Double? {
        guard let node else { return refuse(place, .missing, parent) }
        switch node.kind {
        // Beyond the range of a double it is infinite, as Python reads it.
        case .number: return node.double ?? node.numberText.flatMap(Double.init)
        case .true: return 1
        case .false: return 0
        case .string:
            return node.string.flatMap(PythonFloat.value) ?? refuse(place, .notANumberText, node)
        default: return refuse(place, .notANumber, node)
        }
    }

    private mutating func labelSet(_ node: JSONNode?, _ metric: Place) -> LabelSet {
        let place = metric.metric("labels")
        guard let node, !node.isNull else { return .none }
        guard node.kind == .object else { return refuse(place, .notAnObject, node) ?? .none }
        var pairs: [(String, String)] = []
        for member in node.members {
            let name = member.key.string ?? ""
            let inner = place.inner(name)
            if name.utf8.count > limits.nameBytes {
                let _: Never? = refuse(inner, .tooLong(limits.nameBytes), nil)
            }
            guard let value = optionalText(member.value, inner, atMost: limits.valueBytes) else {
                if member.value.isNull { let _: Never? = refuse(inner, .notText, member.value) }
                continue
            }
            pairs.append((name, value))
        }
        guard pairs.count <= limits.labels else {
            let cause = ValidationIssue.Cause.tooManyValues(limit: limits.labels, advice: "use fewer labels")
            return refuse(place, cause, nil) ?? .none
        }
        return LabelSet(pairs)
    }

    private mutating func time(_ node: JSONNode?, _ place: Place) -> ReportedTime? {
        guard let node, !node.isNull else { return .arrival }
        let time: ReportedTime? =
            switch node.kind {
            case .number: node.double.flatMap(SampleTime.number).map(ReportedTime.instant)
            case .string: node.string.flatMap(SampleTime.reported)
            default: nil
            }
        return time ?? refuse(place, .notADate, node)
    }

    // MARK: - Values

    private mutating func runtimeID(_ node: JSONNode?) -> Int64? {
        let place = Place("runtime_id")
        guard let node, !node.isNull else { return nil }
        switch node.kind {
        case .number:
            if let number = node.int64 { return number }
            let isWhole = node.double.map { $0 == $0.rounded() } ?? true
            return refuse(place, isWhole ? .tooBig : .notWhole, node)
        case .string:
            guard let text = node.string, let number = WholeNumber(reading: text) else {
                return refuse(place, .notNumeric, node)
            }
            return Int64(number.text) ?? refuse(place, .tooBig, node)
        default: return refuse(place, .notInteger, node)
        }
    }

    private mutating func requiredText(_ node: JSONNode?, _ place: Place, _ parent: JSONNode) -> String? {
        guard let node else { return refuse(place, .missing, parent) }
        if node.isNull { return refuse(place, .notText, node) }
        return optionalText(node, place, atMost: limits.nameBytes)
    }

    private mutating func optionalText(_ node: JSONNode?, _ place: Place, atMost bytes: Int) -> String? {
        guard let node, !node.isNull else { return nil }
        guard let text = node.string else { return refuse(place, .notText, node) }
        guard text.utf8.count <= bytes else { return refuse(place, .tooLong(bytes), nil) }
        return text
    }

    private mutating func refuse<Value>(
        _ place: Place,
        _ cause: ValidationIssue.Cause,
        _ node: JSONNode?
    ) -> Value? {
        issues.append(ValidationIssue(place.steps, cause, node?.rawBytes ?? []))
        return nil
    }
}

/// Where a value stands in the body. Its steps are made only when there is an error.
private struct Place {
    private var index: Int?
    private var name: String?
    private var innerName: String?

    /// The body, or a member of it.
    init(_ name: String? = nil) { self.name = name }

    /// A metric.
    init(metric index: Int) { self.index = index }

    /// A member of this metric.
    func metric(_ name: String) -> Place {
        var place = self
        place.name = name
        return place
    }

    /// A member of this member.
    func inner(_ name: String) -> Place {
        var place = self
        place.innerName = name
        return place
    }

    var steps: [ValidationIssue.Step] {
        var steps: [ValidationIssue.Step] = [.name("body")]
        if let index { steps += [.name("metrics"), .index(index)] }
        if let name { steps.append(.name(name)) }
        if let innerName { steps.append(.name(innerName)) }
        return steps
    }
}

/// The members of a metric, found in one pass.
private struct MetricMembers {
    var name: JSONNode?
    var type: JSONNode?
    var value: JSONNode?
    var labels: JSONNode?
    var help: JSONNode?
    var unit: JSONNode?
    var timestamp: JSONNode?
    var exemplar: JSONNode?

    init(_ object: JSONNode) {
        for member in object.members {
            if member.isKey("metric_name") {
                name = member.value
            } else if member.isKey("metric_type") {
                type = member.value
            } else if member.isKey("metric_value") {
                value = member.value
            } else if member.isKey("labels") {
                labels = member.value
            } else if member.isKey("help_text") {
                help = member.value
            } else if member.isKey("unit") {
                unit = member.value
            } else if member.isKey("timestamp") {
                timestamp = member.value
            } else if member.isKey("exemplar") {
                exemplar = member.value
            }
        }
    }

    /// Of what does not change from report to report.
    var identityKey: MetricIdentities.Key { MetricIdentities.Key(name, type, labels, help, unit) }
}
