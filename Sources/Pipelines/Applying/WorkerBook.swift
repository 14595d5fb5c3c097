internal import Core
internal import Ingest

/// The workers that some lines concern, while the lines are applied.
///
/// Each value of a row has the place of the line that set it: the latest one counts, in whatever order lines are loaded. What
/// Weir notes of a change (`worker.state_changed`, and its events) is what it has seen when it loaded the line.
struct WorkerBook {
    /// A line about a worker.
    struct Line {
        let place: LinePlace
        let report: WorkerReport
    }

    /// A row of `worker_event`.
    struct Record {
        let id: Int64
        let workerID: Int64
        let at: Timestamp
        let event: WorkerEvent
    }

    /// By the numbers that are stored.
    private(set) var entries: [Int64: WorkerEntry]
    private(set) var changed: Set<Int64> = []
    private(set) var records: [Record] = []
    private(set) var events: [OutboxEvent] = []
    /// Other numbers of workers.
    private(set) var aliases: [Int64: Int64]
    /// Those that are new.
    private(set) var newAliases: [Int64: Int64] = [:]
    /// Lines about workers that have not begun yet.
    private(set) var early: [Line] = []
    // Lines that came before the worker's beginning, by the number that they name.
    private var waiting: [Int64: [Line]]
    private var instances: [Instance: Int64] = [:]
    // How many records the current line has made.
    private var place: Int64 = 0

    /// What makes a worker the same one when it begins again.
    struct Instance: Hashable {
        let application: Int64
        let id: String

        init(_ bootstrap: WorkerBootstrap) {
            application = bootstrap.applicationID
            id = bootstrap.instanceID
        }
    }

    init(_ entries: [WorkerEntry], aliases: [Int64: Int64] = [:], waiting: [Line] = []) {
        self.entries = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.aliases = aliases
        self.waiting = Dictionary(grouping: waiting, by: \.report.workerID)
        for entry in entries { instances[Instance(entry.bootstrap)] = entry.id }
    }

    /// Applies a line.
    mutating func apply(_ line: Line) -> PipelineOutcome {
        place = 0
        let time = line.place.at
        if case .bootstrap(let bootstrap) = line.report.word {
            return begin(bootstrap, line.report.workerID, line.place)
        }
        let id = aliases[line.report.workerID] ?? line.report.workerID
        guard var entry = entries[id] else {
            early.append(line)
            return .unknownWorker
        }
        let old = entry
        switch line.report.word {
        case .bootstrap: break
        case .heartbeat(let beat): hear(beat, &entry, line.place)
        case .events(let list):
            entry.see(time)
            for event in list { record(event, entry, time) }
        case .shutdown(let reason): stop(reason, &entry, line.place)
        case .lost(let since): entry.lose(since: since, at: time)
        }
        entry.updatedAt = max(entry.updatedAt, time)
        notice(old, entry, time)
        if entry != old { changed.insert(entry.id) }
        entries[entry.id] = entry
        return .worker(entry.id)
    }

    // MARK: - Words

    /// Begins a worker, or the same one again: its number, its counters and its first start stay.
    private mutating func begin(_ bootstrap: WorkerBootstrap, _ id: Int64, _ at: LinePlace) -> PipelineOutcome
    {
        let known = instances[Instance(bootstrap)].flatMap { entries[$0] }
        guard known != nil || entries[id] == nil else { return .unknownWorker }
        var entry = known ?? WorkerEntry(id: id, bootstrap: bootstrap, at: at.at)
        let old = entry
        instances[Instance(bootstrap)] = entry.id
        if entry.id != id, entries[id] == nil {
            aliases[id] = entry.id
            newAliases[id] = entry.id
        }
        let isLatest = entry.begin(bootstrap, at)
        record(
            WorkerEvent(at: at.at, level: .info, type: "worker.bootstrap", message: "worker started"),
            entry,
            at.at
        )
        if isLatest { tell("worker.started", entry, at.at) }
        if entry != old || known == nil { changed.insert(entry.id) }
        entries[entry.id] = entry
        // Those that came in this batch, and those that came before it.
        let own = early.filter { $0.report.workerID == id }
        early.removeAll { $0.report.workerID == id }
        for line in ((waiting.removeValue(forKey: id) ?? []) + own).sorted(by: { $0.place < $1.place }) {
            _ = apply(line)
        }
        return .worker(entry.id)
    }

    /// What a later line has said stays.
    private mutating func hear(_ beat: WorkerHeartbeat, _ entry: inout WorkerEntry, _ at: LinePlace) {
        let time = at.at
        let wasLost = entry.lostAt != nil
        entry.see(time)
        entry.hear(beat, at)
        let from = entry.state
        guard let state = beat.state, entry.set(.state, \.state, state, at), state != from else { return }
        note(from, entry, time)
        switch state {
        case .error: tell("worker.failed", entry, time, from: from)
        case .stopped: tell("worker.stopped", entry, time, from: from)
        case .offline: tell("worker.heartbeat_lost", entry, time, from: from)
        // A normal start has told `worker.started` already.
        case .ready where from == .error || from == .offline:
            if !wasLost { tell("worker.back", entry, time, from: from) }
        case .starting, .ready, .degraded, .draining: break
        }
    }

    private mutating func stop(_ reason: String?, _ entry: inout WorkerEntry, _ at: LinePlace) {
        let from = entry.state
        let isLatest = entry.set(.state, \.state, .stopped, at)
        if let reason { _ = entry.set(.reason, \.reason, reason, at) }
        entry.see(at.at)
        var details = JSONWriter()
        details.object { if let reason { $0.member("reason", reason) } }
        record(
            WorkerEvent(
                at: at.at,
                level: .info,
                type: "worker.stopped",
                message: "worker stopped",
                details: details.bytes
            ),
            entry,
            at.at
        )
        if isLatest, from != .stopped { tell("worker.stopped", entry, at.at, from: from) }
    }

    /// Notes a silence, or its end.
    private mutating func notice(_ old: WorkerEntry, _ entry: WorkerEntry, _ time: Timestamp) {
        if old.lostAt == nil, entry.lostAt != nil {
            note(entry.state, entry, time, to: .offline)
            tell("worker.heartbeat_lost", entry, time, from: entry.state)
        } else if old.lostAt != nil, entry.lostAt == nil, entry.state != .stopped {
            tell("worker.back", entry, time)
        }
    }

    // MARK: - Traces

    private mutating func note(
        _ from: WorkerState,
        _ entry: WorkerEntry,
        _ time: Timestamp,
        to: WorkerState? = nil
    ) {
        let state = to ?? entry.state
        var details = JSONWriter()
        details.object { object in
            object.member("from", from.rawValue)
            object.member("to", state.rawValue)
        }
        let event = WorkerEvent(
            at: time,
            level: to == nil ? .info : .error,
            type: "worker.state_changed",
            message: "worker is \(state.rawValue)",
            details: details.bytes
        )
        keep(event, entry, time)
    }

    private mutating func record(_ event: WorkerEvent, _ entry: WorkerEntry, _ time: Timestamp) {
        keep(event, entry, time)
        guard event.level == .error else { return }
        events.append(OutboxEvent("worker.error", entry, at: time, event: event))
    }

    /// The number of a row is made of its line's time and its place in the line: the same in a replay.
    private mutating func keep(_ event: WorkerEvent, _ entry: WorkerEntry, _ time: Timestamp) {
        let id = time.microseconds * 4 + place
        place += 1
        records.append(Record(id: id, workerID: entry.id, at: event.at ?? time, event: event))
    }

    private mutating func tell(
        _ kind: String,
        _ entry: WorkerEntry,
        _ time: Timestamp,
        from: WorkerState? = nil
    ) {
        events.append(OutboxEvent(kind, entry, at: time, from: from))
    }
}

extension OutboxEvent {
    /// What happened to a worker. Contract pipelogiq §6.4.
    init(
        _ kind: String,
        _ entry: WorkerEntry,
        at time: Timestamp,
        from: WorkerState? = nil,
        event: WorkerEvent? = nil
    ) {
        let worker = entry.bootstrap
        var writer = JSONWriter()
        writer.object { detail in
            detail.member("component", "\(entry.id)")
            detail.member("component_type", "worker")
            detail.member("project", worker.application)
            detail.member("worker_name", worker.name)
            detail.member("instance_id", worker.instanceID)
            if let version = worker.version { detail.member("worker_version", version) }
            if let sdk = worker.sdkVersion { detail.member("sdk_version", sdk) }
            if let environment = worker.environment { detail.member("environment", environment) }
            if let host = worker.hostName { detail.member("host_name", host) }
            if let from { detail.member("from", from.rawValue) }
            if let reason = entry.reason { detail.member("reason", String(reason.prefix(2000))) }
            if let event {
                detail.member("event_type", event.type)
                detail.member("message", String(event.message.prefix(2000)))
            }
            if let error = event?.message ?? entry.lastError {
                detail.member("error", String(error.prefix(2000)))
            }
            detail.member("occurred_at", time.iso8601())
        }
        self.init(kind: kind, subject: "\(entry.id)", at: time, detail: writer.bytes)
    }
}
