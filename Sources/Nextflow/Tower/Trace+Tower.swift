internal import Core
internal import Ingest

extension Trace {
    /// Reads a task as Tower's client tells it: the members of the weblog's trace with other names, and times as text.
    /// Contract nextflow §5.3 (3), §10 (6).
    init?(tower node: JSONNode) {
        guard node.kind == .object else { return nil }
        for member in node.members {
            guard let key = member.key.string else { continue }
            read(tower: key, member.value)
        }
        values.dropAbsurdRequests()
        guard taskID != nil else { return nil }
    }

    private mutating func read(tower key: String, _ value: JSONNode) {
        switch key {
        case "executor": executor = value.lenientText.map(indexable)
        case "machineType": machineType = value.lenientText.map(indexable)
        case "cloudZone": cloudZone = value.lenientText.map(indexable)
        case "priceModel": priceModel = value.lenientText.map(indexable)
        case "numSpotInterruptions": spotInterruptions = value.lenientInt64.flatMap(Int32.init(exactly:))
        case "submit": (submitText, submitAt) = Self.time(value)
        case "start": (startText, startAt) = Self.time(value)
        case "complete": (completeText, completeAt) = Self.time(value)
        default:
            if let field = TraceField.ofTower[key] { read(field, value) }
        }
    }

    /// A time, and the text by which the weblog tells the same: milliseconds since 1970.
    private static func time(_ value: JSONNode) -> (String?, Timestamp?) {
        let time = Timestamp(workflowDate: value) ?? value.lenientMilliseconds
        return (time.map { String($0.microseconds / 1000) }, time)
    }
}

extension TraceField {
    /// The fields by their names in Tower's calls.
    static let ofTower: [String: TraceField] = Dictionary(
        uniqueKeysWithValues: allCases.map { ($0.towerName, $0) }
    )

    /// `task_id` is `taskId`, `%cpu` is `pcpu`.
    private var towerName: String {
        let name = rawValue.hasPrefix("%") ? "p" + rawValue.dropFirst() : rawValue
        let words = name.split(separator: "_")
        return words.dropFirst().reduce(String(words.first ?? "")) {
            $0 + $1.prefix(1).uppercased() + $1.dropFirst()
        }
    }
}

extension WorkflowFacts {
    /// Reads the workflow of `begin` or `complete`: the weblog's, with the parameters in it. Contract nextflow §5.3 (2).
    init(tower workflow: JSONNode?) {
        self.init(workflow: workflow, beside: nil)
        parameters = workflow?["params"].map { Array($0.rawBytes) }
    }
}
