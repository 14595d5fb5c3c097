internal import Core

/// What only Tower's client tells of a run, as far as some calls tell it: each part is the latest by (instant, digest).
struct TowerFacts: Sendable {
    /// A part, and the call that told it.
    struct Told<Value: Sendable>: Sendable {
        let value: Value
        let instant: Timestamp
        let digest: UUID128

        init(_ value: Value, _ message: TowerMessage) {
            self.value = value
            instant = message.instant
            digest = message.digest
        }

        func isLater(than other: Told?) -> Bool {
            guard let other else { return true }
            return (instant, digest) > (other.instant, other.digest)
        }
    }

    /// What the begin of a run tells.
    struct Begin: Sendable {
        let processNames: ArraySlice<UInt8>?
        let dag: ArraySlice<UInt8>?
        let isLaunched: Bool?
    }

    let run: UUID128
    var workflowID: String
    var workspaceID: Int64?
    var progress: Told<ArraySlice<UInt8>>?
    var begin: Told<Begin>?
    var configuration: Told<String>?
    var metrics: Told<ArraySlice<UInt8>>?

    /// The facts of each run, in the order of the runs' keys.
    static func byRun(_ messages: [TowerMessage], _ runs: [String: TowerRun]) -> [TowerFacts] {
        var facts: [UUID128: TowerFacts] = [:]
        for message in messages {
            guard let run = runs[message.workflowID]?.key else { continue }
            facts[run, default: TowerFacts(run: run, workflowID: message.workflowID)].add(message)
        }
        return facts.values.sorted { $0.run < $1.run }
    }

    private mutating func add(_ message: TowerMessage) {
        workflowID = min(workflowID, message.workflowID)
        workspaceID = [workspaceID, message.workspaceID].compactMap(\.self).max()
        guard let body = message.body else { return }
        func told(_ name: String, _ kind: JSONKind) -> Told<ArraySlice<UInt8>>? {
            guard let node = body[name], node.kind == kind else { return nil }
            return Told(node.rawBytes, message)
        }
        if let told = told("progress", .object), told.isLater(than: progress) { progress = told }
        if let told = told("metrics", .array), told.isLater(than: metrics) { metrics = told }
        if let text = body["workflow"]?["configText"]?.string {
            let told = Told(text, message)
            if told.isLater(than: configuration) { configuration = told }
        }
        guard message.call == .begin else { return }
        let begin = Begin(
            processNames: told("processNames", .array)?.value,
            dag: told("dag", .object)?.value,
            isLaunched: body["towerLaunch"]?.bool
        )
        let latest = Told(begin, message)
        if latest.isLater(than: self.begin) { self.begin = latest }
    }
}
