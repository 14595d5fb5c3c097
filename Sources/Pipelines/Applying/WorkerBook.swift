internal import Core
internal import Ingest

/// The workers that some lines concern, while the lines are applied.
struct WorkerBook {
    /// A row of `worker_client`.
    struct Entry: Hashable {
        var id: Int64
        var bootstrap: WorkerBootstrap
        var state = WorkerState.starting
        var isBrokerConnected = false
        var inFlight: Int64 = 0
        var processed: Int64 = 0
        var failed: Int64 = 0
        var queueLag: Int64?
        var cpu: Double?
        var memory: Double?
        var uptime: Int64?
        var lastError: String?
        var reason: String?
        var sessionAt: Timestamp?
        var startedAt: Timestamp
        var lastSeenAt: Timestamp
        var stoppedAt: Timestamp?
        var updatedAt: Timestamp
        var lostAt: Timestamp?
    }

    /// A row of `worker_event`.
    struct Record {
        let id: Int64
        let workerID: Int64
        let at: Timestamp
        let event: WorkerEvent
    }

    /// By the numbers that are stored.
    private(set) var entries: [Int64: Entry]
    private(set) var changed: Set<Int64> = []
    private(set) var records: [Record] = []
    private(set) var events: [OutboxEvent] = []
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

    init(_ entries: [Entry]) {
        self.entries = Dictionary(entries.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in entries { instances[Instance(entry.bootstrap)] = entry.id }
    }

    /// Applies a line.
    mutating func apply(_ report: WorkerReport, at time: Timestamp) -> PipelineOutcome {
        place = 0
        if case .bootstrap(let bootstrap) = report.word { return begin(bootstrap, report.workerID, time) }
        guard var entry = entries[report.workerID] else { return .unknownWorker }
        let old = entry
        switch report.word {
        case .bootstrap: break
        case .heartbeat(let beat): hear(beat, &entry, time)
        case .events(let list):
            see(&entry, time)
            for event in list { record(event, entry, time) }
        case .shutdown(let reason): stop(reason, &entry, time)
        case .lost(let since): lose(since, &entry, time)
        }
        entry.updatedAt = max(entry.updatedAt, time)
        if entry != old { changed.insert(entry.id) }
        entries[entry.id] = entry
        return .worker(entry.id)
    }

    // MARK: - Words

    /// Begins a worker, or the same one again: its number, its counters and its first start stay.
    private mutating func begin(_ bootstrap: WorkerBootstrap, _ id: Int64, _ time: Timestamp)
        -> PipelineOutcome
    {
        let known = instances[Instance(bootstrap)].flatMap { entries[$0] }
        guard known != nil || entries[id] == nil else { return .unknownWorker }
        var entry =
            known ?? Entry(id: id, bootstrap: bootstrap, startedAt: time, lastSeenAt: time, updatedAt: time)
        instances[Instance(bootstrap)] = entry.id
        if let before = entry.sessionAt, before > time {
            record(
                WorkerEvent(at: time, level: .info, type: "worker.bootstrap", message: "worker started"),
                entry,
                time
            )
            return .worker(entry.id)
        }
        entry.bootstrap = bootstrap
        entry.sessionAt = time
        entry.state = .starting
        entry.isBrokerConnected = false
        entry.inFlight = 0
        (entry.queueLag, entry.cpu, entry.memory, entry.uptime) = (nil, nil, nil, nil)
        (entry.reason, entry.stoppedAt, entry.lostAt) = (nil, nil, nil)
        entry.lastSeenAt = max(entry.lastSeenAt, time)
        entry.updatedAt = max(entry.updatedAt, time)
        changed.insert(entry.id)
        entries[entry.id] = entry
        record(
            WorkerEvent(at: time, level: .info, type: "worker.bootstrap", message: "worker started"),
            entry,
            time
        )
        tell("worker.started", entry, time)
        return .worker(entry.id)
    }

    private mutating func see(_ entry: inout Entry, _ time: Timestamp) {
        entry.lastSeenAt = max(entry.lastSeenAt, time)
        guard entry.lostAt != nil else { return }
        entry.lostAt = nil
        tell("worker.back", entry, time)
    }

    /// A heartbeat that arrives behind a later one says nothing.
    private mutating func hear(_ beat: WorkerHeartbeat, _ entry: inout Entry, _ time: Timestamp) {
        guard time >= entry.lastSeenAt else { return }
        let wasLost = entry.lostAt != nil
        see(&entry, time)
        entry.uptime = beat.uptime ?? entry.uptime
        entry.isBrokerConnected = beat.isBrokerConnected ?? entry.isBrokerConnected
        entry.inFlight = beat.inFlight ?? entry.inFlight
        entry.processed = beat.processed ?? entry.processed
        entry.failed = beat.failed ?? entry.failed
        entry.queueLag = beat.queueLag ?? entry.queueLag
        entry.cpu = beat.cpu ?? entry.cpu
        entry.memory = beat.memory ?? entry.memory
        entry.lastError = beat.lastError ?? entry.lastError
        entry.reason = beat.message ?? entry.reason
        entry.bootstrap.metadata = beat.metadata ?? entry.bootstrap.metadata
        guard let state = beat.state, state != entry.state else { return }
        let from = entry.state
        entry.state = state
        entry.stoppedAt = state == .stopped ? time : nil
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

    private mutating func stop(_ reason: String?, _ entry: inout Entry, _ time: Timestamp) {
        guard entry.state != .stopped else { return }
        let from = entry.state
        entry.state = .stopped
        entry.stoppedAt = time
        entry.lostAt = nil
        entry.reason = reason ?? entry.reason
        entry.lastSeenAt = max(entry.lastSeenAt, time)
        var details = JSONWriter()
        details.object { if let reason { $0.member("reason", reason) } }
        record(
            WorkerEvent(
                at: time,
                level: .info,
                type: "worker.stopped",
                message: "worker stopped",
                details: details.bytes
            ),
            entry,
            time
        )
        tell("worker.stopped", entry, time, from: from)
    }

    private mutating func lose(_ since: Timestamp, _ entry: inout Entry, _ time: Timestamp) {
        guard entry.lastSeenAt == since, entry.state != .stopped, entry.lostAt == nil else { return }
        entry.lostAt = time
        note(entry.state, entry, time, to: .offline)
        tell("worker.heartbeat_lost", entry, time, from: entry.state)
    }

    // MARK: - Traces

    private mutating func note(_ from: WorkerState, _ entry: Entry, _ time: Timestamp, to: WorkerState? = nil)
    {
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

    private mutating func record(_ event: WorkerEvent, _ entry: Entry, _ time: Timestamp) {
        keep(event, entry, time)
        guard event.level == .error else { return }
        events.append(OutboxEvent("worker.error", entry, at: time, event: event))
    }

    /// The number of a row is made of its line's time and its place in the line: the same in a replay.
    private mutating func keep(_ event: WorkerEvent, _ entry: Entry, _ time: Timestamp) {
        let id = time.microseconds * 4 + place
        place += 1
        records.append(Record(id: id, workerID: entry.id, at: event.at ?? time, event: event))
    }

    private mutating func tell(_ kind: String, _ entry: Entry, _ time: Timestamp, from: WorkerState? = nil) {
        events.append(OutboxEvent(kind, entry, at: time, from: from))
    }
}

extension OutboxEvent {
    /// What happened to a worker. Contract pipelogiq §6.4.
    init(
        _ kind: String,
        _ entry: WorkerBook.Entry,
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
