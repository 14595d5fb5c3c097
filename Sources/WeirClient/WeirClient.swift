internal import Core
internal import Dispatch
internal import Glibc
internal import Outbound
internal import Synchronization

/// Tracks runs: tells Weir when they begin, how they go and how they end.
///
/// It never throws into the program that it observes. What Weir can't take at the moment waits in a buffer on disk
/// and is sent later; every record is also written to a file of events, if there is a directory for them. Any thread.
public final class WeirClient: Sendable {
    private let configuration: ClientConfiguration
    private let transport: Transport
    private let buffer: FailoverBuffer
    private let git: Task<GitContext, Never>
    // Guards when the buffer was last replayed without being asked.
    private let lastReplay = Mutex<ContinuousClock.Instant?>(nil)
    // Files block: their work has a queue of its own, in order.
    private let files = DispatchQueue(label: "weir.client.files")

    /// Makes a client, and asks git about the working directory meanwhile.
    public init(_ configuration: ClientConfiguration = .fromEnvironment()) {
        self.configuration = configuration
        transport = Transport(configuration)
        buffer = FailoverBuffer(configuration.bufferDirectory)
        git = Task.detached { GitContext.detect() }
    }

    // MARK: - Runs

    /// Tracks a run for as long as `body` works: an error that it throws ends the run as a failure, and goes on.
    public func trackRun<Value>(
        agent: String,
        job: String,
        details: RunDetails = RunDetails(),
        _ body: (TrackedRun) async throws -> Value
    ) async rethrows -> Value {
        let run = await startRun(agent: agent, job: job, details: details)
        do {
            let value = try await body(run)
            await run.end(.success)
            return value
        } catch {
            await run.end(.failure, errorSummary: "\(type(of: error)): \(error)")
            throw error
        }
    }

    /// Begins a run; `end` it, or it stays open.
    public func startRun(
        agent: String,
        job: String,
        details: RunDetails = RunDetails()
    ) async -> TrackedRun {
        let start = Timestamp.now()
        let eventID = UUID128.random().description
        let runID = details.runID ?? Self.runID(agent, start)
        let record = await record(agent, job, details, start, eventID: eventID, runID: runID)
        let run = TrackedRun(eventID: eventID, runID: runID, record: record, start: start, client: self)
        await write(record.json)
        if case .taken = await transport.send("POST", "/api/v1/runs", record.json) {
            run.noteStored()
            replayInBackground()
        } else {
            await keep(record.json)
        }
        return run
    }

    private func record(
        _ agent: String,
        _ job: String,
        _ details: RunDetails,
        _ start: Timestamp,
        eventID: String,
        runID: String
    ) async -> Record {
        var record = Record()
        let time = start.iso8601(offset: .plusZero)
        for name in ["start_time", "created_at", "updated_at"] { record.set(name, time) }
        record.set("event_id", eventID)
        record.set("run_id", runID)
        record.set("agent_name", agent)
        record.set("job_type", job)
        record.set("host", configuration.host)
        record.set("agent_owner", details.agentOwner ?? configuration.agentOwner)
        let git = await git.value
        record.set("git_repo", details.gitRepository ?? git.repository)
        record.set("git_branch", details.gitBranch ?? git.branch)
        record.set("git_run_tag", git.runTag)
        details.fill(&record)
        return record
    }

    /// `<YYYYMMDD>T<HHMMSS>Z-<agent>-<8 hex>`. Contract §2.2.
    private static func runID(_ agent: String, _ time: Timestamp) -> String {
        let digits = time.iso8601().prefix(19).filter { $0 != "-" && $0 != ":" }
        return "\(digits)Z-\(agent)-\(UUID128.random().description.prefix(8))"
    }

    // MARK: - What runs do

    /// Sends the end of a run; what Weir doesn't take waits in the buffer as a whole record.
    func end(_ record: Record, eventID: String, isStored: Bool) async {
        var whole = record
        whole["created_at"] = nil
        whole["updated_at"] = nil
        await write(whole.json)
        var isTaken = false
        if isStored {
            let path = "/api/v1/runs/\(eventID)"
            if case .taken = await transport.send("PATCH", path, record.json(Record.endMembers)) {
                isTaken = true
            }
        }
        if !isTaken { await keep(whole.json) }
        if let external = configuration.externalPost { _ = await transport.post(record, to: external) }
    }

    func associate(_ body: [UInt8], eventID: String) async -> Bool {
        if case .taken = await transport.send("POST", "/api/v1/runs/\(eventID)/associate-commit", body) {
            return true
        }
        return false
    }

    /// Writes an event to the day's file only: Weir has no place for it.
    func log(_ line: [UInt8]) async { await write(line) }

    // MARK: - Replay

    /// Sends what waits, now that Weir has answered; nobody waits for it, and it is not tried more often than the
    /// configuration says.
    private func replayInBackground() {
        let isDue = lastReplay.withLock { last in
            let now = ContinuousClock.now
            if let last, now < last + configuration.replayInterval { return false }
            last = now
            return true
        }
        if isDue { Task.detached { [self] in await replay() } }
    }

    /// Sends what waits in the buffer, and returns when that is done. Several processes may do so at once.
    ///
    /// A client does it by itself when a run begins and Weir takes it.
    ///
    /// - Returns: how many records were sent, how many Weir refused for good, and whether it was away.
    @discardableResult
    public func replay() async -> ReplayReport {
        let progress = await buffer.replay { [transport] records in
            await Self.send(records, over: transport)
        }
        return ReplayReport(
            sent: progress.sent,
            rejected: progress.rejected,
            isComplete: !progress.isUnfinished
        )
    }

    /// Sends a batch; records that Weir can't read are taken out, and the rest is sent again.
    private static func send(_ records: [ArraySlice<UInt8>], over transport: Transport) async -> [Int]? {
        var refused: Set<Int> = []
        while refused.count < records.count {
            let indices = records.indices.filter { !refused.contains($0) }
            let body = Array(indices.map { records[$0] }.joined(separator: [UInt8(ascii: ",")]))
            let array = [UInt8(ascii: "[")] + body + [UInt8(ascii: "]")]
            switch await transport.send("POST", "/api/v1/runs/batch", array) {
            case .taken(let answer):
                let errors = answer.root["errors"]?.elements.compactMap { $0.string } ?? []
                return refused.union(indices.filter { named(records[$0], in: errors) }).sorted()
            case .refused(status: 422, let answer):
                let places = answer?.root["detail"]?.elements.compactMap { item in
                    item["loc"]?.elements.dropFirst().first { _ in true }?.int64
                }
                let wrong = Set(
                    (places ?? []).compactMap { Int(exactly: $0) }.filter(indices.indices.contains)
                )
                guard !wrong.isEmpty else { return nil }
                refused.formUnion(wrong.map { indices[$0] })
            case .refused, .unavailable: return nil
            }
        }
        return refused.sorted()
    }

    /// Whether one of the errors, `<event_id>: why`, is about a record.
    private static func named(_ record: ArraySlice<UInt8>, in errors: [String]) -> Bool {
        guard !errors.isEmpty, let document = try? JSONDocument(Array(record)),
            let eventID = document.root["event_id"]?.string
        else { return false }
        return errors.contains { $0.hasPrefix("\(eventID): ") }
    }

    // MARK: - Files

    private func write(_ line: [UInt8]) async {
        guard let directory = configuration.eventDirectory else { return }
        await onFiles {
            LineFile.makeDirectory(directory, mode: 0o755)
            return LineFile.append(line, to: "\(directory)/events_\(Timestamp.now().yyyymmdd).ndjson")
        }
    }

    private func keep(_ record: [UInt8]) async {
        await onFiles { [buffer] in buffer.append(record) }
    }

    private func onFiles(_ body: @escaping @Sendable () -> Bool) async {
        let isKept = await withCheckedContinuation { continuation in
            files.async { continuation.resume(returning: body()) }
        }
        if !isKept {
            _ = LineFile.writeAll(
                Array("weir: a record could not be kept on this disk\n".utf8),
                STDERR_FILENO
            )
        }
    }
}

/// What came of a replay.
public struct ReplayReport: Sendable, Equatable {
    /// Records that Weir has now, or had already.
    public var sent: Int
    /// Records that it refused for good; they stand in a `.rejected` file.
    public var rejected: Int
    /// Whether nothing waits any more.
    public var isComplete: Bool
}
