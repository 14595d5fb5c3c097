internal import Core

/// A row of `worker_client`: values, each with the place of the line that set it.
struct WorkerEntry: Hashable {
    /// What lines set each for itself.
    enum Register: String, CaseIterable {
        /// What a worker said of itself when it began, but for its metadata.
        case bootstrap
        case metadata
        case state
        case broker
        case inFlight = "in_flight"
        case processed
        case failed
        case queueLag = "queue_lag"
        case cpu
        case memory
        case uptime
        case lastError = "last_error"
        case reason
    }

    /// A silence that was noticed.
    struct Loss: Hashable {
        let since: Timestamp
        let at: Timestamp
    }

    let id: Int64
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
    var updatedAt: Timestamp
    /// The newest one.
    var loss: Loss?
    var marks: [Register: LinePlace] = [:]

    /// A new worker.
    init(id: Int64, bootstrap: WorkerBootstrap, at time: Timestamp) {
        self.id = id
        self.bootstrap = bootstrap
        startedAt = time
        lastSeenAt = time
        updatedAt = time
    }

    /// When it stopped; nil while it has not.
    var stoppedAt: Timestamp? { state == .stopped ? marks[.state]?.at ?? updatedAt : nil }

    /// When its silence was noticed; nil while it is heard. A silence ends with any later word.
    var lostAt: Timestamp? { state != .stopped && loss?.since == lastSeenAt ? loss?.at : nil }

    /// Sets a value unless a later line has set it; says whether it did.
    mutating func set<Value>(
        _ register: Register,
        _ path: WritableKeyPath<WorkerEntry, Value>,
        _ value: Value,
        _ at: LinePlace
    ) -> Bool {
        if let mark = marks[register], mark > at { return false }
        marks[register] = at
        self[keyPath: path] = value
        return true
    }

    /// Sets a value that the line has.
    private mutating func take<Value>(
        _ register: Register,
        _ path: WritableKeyPath<WorkerEntry, Value>,
        _ value: Value?,
        _ at: LinePlace
    ) {
        if let value { _ = set(register, path, value, at) }
    }

    mutating func see(_ time: Timestamp) { lastSeenAt = max(lastSeenAt, time) }

    /// Of two silences the newer counts, and of one the first who noticed it.
    mutating func lose(since: Timestamp, at time: Timestamp) {
        let new = Loss(since: since, at: time)
        guard let known = loss else {
            loss = new
            return
        }
        if (known.since, time) < (since, known.at) { loss = new }
    }

    /// Begins; says whether nothing later has begun it.
    mutating func begin(_ new: WorkerBootstrap, _ at: LinePlace) -> Bool {
        startedAt = min(startedAt, at.at)
        see(at.at)
        updatedAt = max(updatedAt, at.at)
        var own = new
        own.metadata = bootstrap.metadata
        let isLatest = set(.bootstrap, \.bootstrap, own, at)
        if isLatest { sessionAt = at.at }
        _ = set(.metadata, \.bootstrap.metadata, new.metadata, at)
        _ = set(.state, \.state, .starting, at)
        _ = set(.broker, \.isBrokerConnected, false, at)
        _ = set(.inFlight, \.inFlight, 0, at)
        _ = set(.queueLag, \.queueLag, nil, at)
        _ = set(.cpu, \.cpu, nil, at)
        _ = set(.memory, \.memory, nil, at)
        _ = set(.uptime, \.uptime, nil, at)
        _ = set(.reason, \.reason, nil, at)
        return isLatest
    }

    /// Takes what a heartbeat says, but for the state.
    mutating func hear(_ beat: WorkerHeartbeat, _ at: LinePlace) {
        take(.uptime, \.uptime, beat.uptime.map(Optional.some), at)
        take(.broker, \.isBrokerConnected, beat.isBrokerConnected, at)
        take(.inFlight, \.inFlight, beat.inFlight, at)
        take(.processed, \.processed, beat.processed, at)
        take(.failed, \.failed, beat.failed, at)
        take(.queueLag, \.queueLag, beat.queueLag.map(Optional.some), at)
        take(.cpu, \.cpu, beat.cpu.map(Optional.some), at)
        take(.memory, \.memory, beat.memory.map(Optional.some), at)
        take(.lastError, \.lastError, beat.lastError.map(Optional.some), at)
        take(.reason, \.reason, beat.message.map(Optional.some), at)
        take(.metadata, \.bootstrap.metadata, beat.metadata, at)
    }
}

// MARK: - The marks as a text

extension WorkerEntry {
    /// The marks as JSON: of each line the values that it set.
    var marksJSON: [UInt8] {
        var registers: [LinePlace: [Register]] = [:]
        for register in Register.allCases {
            if let place = marks[register] { registers[place, default: []].append(register) }
        }
        var writer = JSONWriter()
        writer.object { object in
            object.array("lines") { list in
                for (place, names) in registers.sorted(by: { $0.key < $1.key }) {
                    list.object { line in
                        line.member("at", place.at.iso8601())
                        line.member("journal", "\(place.journal)")
                        line.member("seq", place.seq)
                        line.array("set") { list in for name in names { list.value(name.rawValue) } }
                    }
                }
            }
            if let loss {
                object.member("lost_since", loss.since.iso8601())
                object.member("lost_at", loss.at.iso8601())
            }
        }
        return writer.bytes
    }

    /// Reads them back; a row without any has been written before there were marks.
    mutating func read(marks bytes: [UInt8]?, lostAt: Timestamp?) {
        loss = lostAt.map { Loss(since: lastSeenAt, at: $0) }
        guard let bytes, let root = (try? JSONDocument(bytes))?.root else { return }
        if let since = root["lost_since"]?.string.flatMap({ Timestamp(iso8601: $0) }),
            let at = root["lost_at"]?.string.flatMap({ Timestamp(iso8601: $0) })
        {
            loss = Loss(since: since, at: at)
        }
        for line in root["lines"].map({ Array($0.elements) }) ?? [] {
            guard let at = line["at"]?.string.flatMap({ Timestamp(iso8601: $0) }),
                let journal = line["journal"]?.string.flatMap({ UUID128($0) }), let seq = line["seq"]?.int64
            else { continue }
            for name in line["set"].map({ Array($0.elements) }) ?? [] {
                guard let register = name.string.flatMap(Register.init(rawValue:)) else { continue }
                marks[register] = LinePlace(at: at, journal: journal, seq: seq)
            }
        }
    }
}
