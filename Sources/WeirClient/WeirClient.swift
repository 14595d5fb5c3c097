internal import Core
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Tracks runs: reports their begin, progress and end to Weir.
///
/// It never throws into the program, and never delays it for long. Records that Weir can't take wait in a buffer on
/// disk and are sent later; every record is also written to a file of events, if there is a directory for them. Any
/// thread.
public final class WeirClient: Sendable {
    private struct Guarded {
        /// The names of runs that have not ended.
        var active: Set<String> = []
        /// When the buffer was last replayed automatically.
        var lastReplay: ContinuousClock.Instant?
    }

    private let configuration: ClientConfiguration
    private let transport: Transport
    private let buffer: FailoverBuffer
    private let git: Task<GitContext, Never>
    private let guarded = Mutex(Guarded())
    // Files and processes block: their work has separate queues; that of files is serial.
    private let files = DispatchQueue(label: "weir.client.files")

    /// Makes a client, and asks git about the working directory meanwhile.
    public init(_ configuration: ClientConfiguration = .fromEnvironment()) {
        self.configuration = configuration
        transport = Transport(configuration)
        buffer = FailoverBuffer(configuration.bufferDirectory)
        git = Task.detached { await GitContext.detect() }
    }

    /// The address that runs are sent to.
    public var url: String { configuration.url }
    /// Why the server did not take the last request; nil when it did.
    package var trouble: ServerTrouble? { transport.trouble }

    /// Ids for a run that begins later but has to be named before.
    package static func newIDs(agent: String) -> (eventID: String, runID: String) {
        let agent = String(agent.map { $0 == "/" || $0 == "\\" ? "-" : $0 }.prefix(200))
        return (UUID128.random().description, newRunID(agent, .now(), UUID128.random()))
    }

    private static func newRunID(_ agent: String, _ time: Timestamp, _ chance: UUID128) -> String {
        let digits = time.iso8601().prefix(19).filter { $0 != "-" && $0 != ":" }
        return "\(digits)Z-\(agent)-\(chance.description.prefix(8))"
    }

    // MARK: - Runs

    /// Tracks a run for as long as `body` works: an error that it throws ends the run as a failure and is rethrown; a
    /// `CancellationError` ends it as cancelled.
    ///
    /// Everything runs on the caller's actor, such as the main actor: `body` may use values that are not Sendable.
    public nonisolated(nonsending) func trackRun<Value>(
        agent: String,
        job: String,
        details: RunDetails = RunDetails(),
        _ body: nonisolated(nonsending) (TrackedRun) async throws -> Value
    ) async rethrows -> Value {
        let run = await startRun(agent: agent, job: job, details: details)
        do {
            let value = try await body(run)
            await run.end(.success)
            return value
        } catch {
            let outcome: RunOutcome = error is CancellationError ? .cancelled : .failure
            await run.end(outcome, errorSummary: "\(type(of: error)): \(error)")
            throw error
        }
    }

    /// Begins a run; `end` it, or it stays open. Takes the configuration's `patience` at most.
    public func startRun(
        agent: String,
        job: String,
        details: RunDetails = RunDetails()
    ) async -> TrackedRun {
        let start = Timestamp.now()
        let eventID = details.eventID ?? UUID128.random().description
        let runID = claimRunID(details.runID, agent, start)
        let record = await record(agent, job, details, start, eventID: eventID, runID: runID)
        let run = TrackedRun(eventID: eventID, runID: runID, record: record, start: start, client: self)
        await uncancelled { [self] in
            let deadline = ContinuousClock.now + configuration.patience
            await write(record.json)
            if case .taken = await transport.send(.create, record.json, until: deadline) {
                run.noteStored()
                replayInBackground()
            } else {
                await keep(record.json)
            }
        }
        return run
    }

    /// The name of a run. An invalid name is replaced, one that is in use gets a suffix. Contract §2.2, §3.1.
    private func claimRunID(_ wanted: String?, _ agent: String, _ time: Timestamp) -> String {
        let chance = UUID128.random()
        let name = wanted.flatMap { Self.isRunID($0) ? $0 : nil } ?? Self.newRunID(agent, time, chance)
        return guarded.withLock { guarded in
            if guarded.active.insert(name).inserted { return name }
            let other = "\(name)-duplicate-\(chance.description.prefix(8))"
            guarded.active.insert(other)
            return other
        }
    }

    private static func isRunID(_ name: String) -> Bool {
        name.unicodeScalars.count <= 255 && !name.allSatisfy(\.isWhitespace)
            && !name.unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0 == "\0" }
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
        if details.parentRunID == nil { record.set("parent_run_id", configuration.parentRunID) }
        return record
    }

    // MARK: - What runs do

    /// Sends the end of a run; if Weir doesn't take it, the whole record waits in the buffer. `commit` is one that Weir
    /// does not have yet. False when it waits.
    func end(_ record: Record, of run: TrackedRun, isStored: Bool, commit: [UInt8]?) async -> Bool {
        guarded.withLock { _ = $0.active.remove(run.runID) }
        return await uncancelled { [self] in
            let deadline = ContinuousClock.now + configuration.patience
            var whole = record
            whole["created_at"] = nil
            whole["updated_at"] = nil
            await write(whole.json)
            async let told: Void = tell(record, until: deadline)
            let isTaken =
                isStored
                ? await send(record, commit, of: run, until: deadline)
                : await sendWhole(whole, until: deadline)
            if !isTaken { await keep(whole.json) }
            await told
            return isTaken
        }
    }

    /// The commit goes first: a later record changes nothing in a run that has ended.
    private func send(
        _ record: Record,
        _ commit: [UInt8]?,
        of run: TrackedRun,
        until deadline: ContinuousClock.Instant
    ) async -> Bool {
        if let commit {
            let outcome = await transport.send(.associate(eventID: run.eventID), commit, until: deadline)
            if case .unavailable = outcome { return false }
        }
        let end = record.json(Record.endMembers)
        if case .taken = await transport.send(.end(eventID: run.eventID), end, until: deadline) {
            return true
        }
        return false
    }

    /// Weir was away when the run began: the record contains begin and end, and ends the run even if its begin did
    /// arrive (D17).
    private func sendWhole(_ record: Record, until deadline: ContinuousClock.Instant) async -> Bool {
        if case .taken = await transport.send(.create, record.json, until: deadline) { return true }
        return false
    }

    private func tell(_ record: Record, until deadline: ContinuousClock.Instant) async {
        guard let external = configuration.externalPost else { return }
        await transport.post(record, to: external, until: deadline)
    }

    func associate(_ body: [UInt8], eventID: String) async -> Transport.Outcome {
        await uncancelled { [self] in
            let deadline = ContinuousClock.now + configuration.patience
            return await transport.send(.associate(eventID: eventID), body, until: deadline)
        }
    }

    /// Writes an event to the day's file only: Weir has no table for it.
    func log(_ line: [UInt8]) async { await write(line) }

    /// The program's task may be cancelled; the end of its run is sent all the same.
    private func uncancelled<Value: Sendable>(_ work: @escaping @Sendable () async -> Value) async -> Value {
        await Task(operation: work).value
    }

    // MARK: - Replay

    /// Sends waiting records in the background after Weir has responded, no more often than the configuration says.
    private func replayInBackground() {
        guard let interval = configuration.replayInterval else { return }
        let isDue = guarded.withLock { guarded in
            let now = ContinuousClock.now
            if let last = guarded.lastReplay, now < last + interval { return false }
            guarded.lastReplay = now
            return true
        }
        if isDue { Task.detached { [self] in await replay() } }
    }

    /// Sends the records in the buffer, and returns when all are sent, or after `limit`. Several processes may call it
    /// at once; one of them does the work.
    ///
    /// A client does so by itself when a run begins and Weir takes it.
    ///
    /// - Returns: how many records were sent, how many Weir refused permanently, and why the rest still waits.
    @discardableResult
    public func replay(within limit: Duration = .seconds(3600)) async -> ReplayReport {
        let deadline = ContinuousClock.now + limit
        return await buffer.replay { [transport] records in
            await BatchSender(transport: transport, records: records, deadline: deadline).send()
        }
    }

    // MARK: - Files

    private func write(_ line: [UInt8]) async {
        guard let directory = configuration.eventDirectory else { return }
        await onFiles {
            LineFile.makeDirectory(directory, mode: 0o755)
            let line = PythonText.json(line)
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
                Array("weir: a record could not be written to disk\n".utf8),
                STDERR_FILENO
            )
        }
    }
}
