internal import Core

/// Sends runs in batches, and isolates those that the server refuses. Contract runs §1.5.
struct RunSender {
    static let path = "/api/v1/runs/batch"
    /// How large a body may become before it is sent, in bytes.
    private static let bodyBytes = 4 << 20

    private let poster: PatientPoster
    private let batchSize: Int
    private var waiting: [ImportedRun] = []
    private var waitingBytes = 0
    private(set) var outcome = RunOutcomes()

    init(_ poster: PatientPoster, batchSize: Int) {
        self.poster = poster
        self.batchSize = batchSize
    }

    /// Takes a run, and sends the batch when it is full.
    mutating func add(_ run: ImportedRun) throws(SendingFailure) {
        waiting.append(run)
        waitingBytes += run.json.count
        if waiting.count >= batchSize || waitingBytes >= Self.bodyBytes { try flush() }
    }

    /// Sends the last batch.
    mutating func flush() throws(SendingFailure) {
        let runs = waiting
        waiting = []
        waitingBytes = 0
        if !runs.isEmpty { try send(runs) }
    }

    private mutating func send(_ runs: [ImportedRun]) throws(SendingFailure) {
        let answer = try poster.post(Self.path, Self.body(runs))
        let root = (try? JSONDocument(answer.body))?.root
        switch answer.status {
        case 200, 201:
            guard let root, root.kind == .object, root["inserted"] != nil else {
                throw .strangeAnswer(path: Self.path, status: answer.status)
            }
            take(root)
        case 422:
            try sendWithout(Self.faults(root, count: runs.count), runs, answer)
        default:
            try sendInHalves(runs, answer)
        }
    }

    private mutating func take(_ answer: JSONNode) {
        outcome.created += Int(answer["inserted"]?.int64 ?? 0)
        outcome.alreadyThere += Int(answer["duplicates"]?.int64 ?? 0)
        for error in Self.elements(answer["errors"]) {
            outcome.refuse(error.string ?? String(decoding: error.rawBytes, as: UTF8.self))
        }
    }

    /// Counts the faulty runs as refused and sends the others; one faulty run refuses a whole batch (D23).
    private mutating func sendWithout(
        _ faults: [Int: String],
        _ runs: [ImportedRun],
        _ answer: ImportAnswer
    ) throws(SendingFailure) {
        guard !faults.isEmpty else { return try sendInHalves(runs, answer) }
        for (index, reason) in faults.sorted(by: { $0.key < $1.key }) {
            outcome.refuse("\(runs[index].eventID): \(reason)")
        }
        let rest = runs.indices.filter { faults[$0] == nil }.map { runs[$0] }
        if !rest.isEmpty { try send(rest) }
    }

    /// Finds the faulty runs if the response does not name them.
    private mutating func sendInHalves(_ runs: [ImportedRun], _ answer: ImportAnswer) throws(SendingFailure) {
        guard runs.count > 1 else {
            outcome.refuse("\(runs[0].eventID): \(Self.reason(answer))")
            return
        }
        let half = runs.count / 2
        try send(Array(runs[..<half]))
        try send(Array(runs[half...]))
    }

    // MARK: - Bodies

    private static func body(_ runs: [ImportedRun]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: runs.reduce(2) { $0 + $1.json.count + 1 })
        writer.array { list in
            for run in runs { list.raw(run.json) }
        }
        return writer.bytes
    }

    /// The first fault of each element that `detail` names: `{"loc": ["body", 3, "agent_name"], "msg": …}`.
    private static func faults(_ root: JSONNode?, count: Int) -> [Int: String] {
        var faults: [Int: String] = [:]
        for item in elements(root?["detail"]) {
            let place = elements(item["loc"])
            guard place.count >= 2, let index = place[1].int64.flatMap(Int.init(exactly:)),
                (0..<count).contains(index), faults[index] == nil
            else { continue }
            let member = place.dropFirst(2).compactMap { $0.string ?? $0.numberText }.joined(separator: ".")
            let message = item["msg"]?.string ?? "refused"
            faults[index] = member.isEmpty ? message : "\(member): \(message)"
        }
        return faults
    }

    private static func elements(_ node: JSONNode?) -> [JSONNode] { node.map { Array($0.elements) } ?? [] }

    /// The reason of a refusal, in one line.
    static func reason(_ answer: ImportAnswer) -> String {
        let detail = (try? JSONDocument(answer.body))?.root["detail"]
        let first = elements(detail).first?["msg"]
        guard let text = detail?.string ?? first?.string else { return "status \(answer.status)" }
        return "\(text) (status \(answer.status))"
    }
}
