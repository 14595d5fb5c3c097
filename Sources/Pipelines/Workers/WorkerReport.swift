internal import Configuration
internal import Core

/// What a worker says, or Weir says of it: a line of the journal. Contract pipelogiq §7.4, §7.5.
struct WorkerReport: Hashable, Sendable {
    /// What it is about.
    enum Word: Hashable, Sendable {
        case bootstrap(WorkerBootstrap)
        case heartbeat(WorkerHeartbeat)
        case events([WorkerEvent])
        case shutdown(reason: String?)
        /// Its silence was noticed; it was last seen then.
        case lost(since: Timestamp)
    }

    let workerID: Int64
    let word: Word
}

/// A worker introduces itself.
struct WorkerBootstrap: Hashable, Sendable {
    var applicationID: Int64 = 0
    var application = ""
    var instanceID: String
    var name: String
    var version: String?
    var sdkVersion: String?
    var environment: String?
    var hostName: String?
    var pid: Int64?
    /// Objects and arrays, as JSON.
    var handlers: [UInt8]
    var capabilities: [UInt8]
    var metadata: [UInt8]
    /// The SHA-256 of the session's token, in hexadecimal digits.
    var sessionHash = ""
    var expiresAt = Timestamp.epoch

    init(instanceID: String, name: String) {
        self.instanceID = instanceID
        self.name = name
        handlers = Array("[]".utf8)
        capabilities = Array("{}".utf8)
        metadata = capabilities
    }

    init(_ body: BodyReader) throws(BodyReader.Mistake) {
        guard let name = try body.word("workerName") else { throw .init("workerName is required") }
        self.name = name
        instanceID = try body.word("instanceId") ?? "\(UUID128.random())"
        version = try body.word("workerVersion")
        sdkVersion = try body.word("sdkVersion")
        environment = try body.word("environment")
        hostName = try body.word("hostName")
        pid = try body.id("pid")
        handlers = try body.json("supportedHandlers", .array) ?? Array("[]".utf8)
        capabilities = try body.json("capabilities", .object) ?? Array("{}".utf8)
        metadata = try body.json("metadata", .object) ?? Array("{}".utf8)
    }
}

/// What a worker says of itself at intervals; what is absent stays as it was.
struct WorkerHeartbeat: Hashable, Sendable {
    /// Nil for an unknown or blank one.
    var state: WorkerState?
    var uptime: Int64?
    var isBrokerConnected: Bool?
    var inFlight: Int64?
    var processed: Int64?
    var failed: Int64?
    var queueLag: Int64?
    var cpu: Double?
    var memory: Double?
    var lastError: String?
    var message: String?
    var metadata: [UInt8]?

    init(_ body: BodyReader) throws(BodyReader.Mistake) {
        state = try body.word("state").flatMap { WorkerState(rawValue: $0.lowercased()) }
        uptime = try body.id("uptimeSec").map { max(0, $0) }
        isBrokerConnected = try body.flag("brokerConnected")
        inFlight = try body.id("inFlightJobs").map { max(0, $0) }
        processed = try body.id("jobsProcessed").map { max(0, $0) }
        failed = try body.id("jobsFailed").map { max(0, $0) }
        queueLag = try body.id("queueLag").map { max(0, $0) }
        cpu = try body.number("cpuPercent").map { max(0, $0) }
        memory = try body.number("memoryMb").map { max(0, $0) }
        lastError = try body.text("lastError", atMost: 10_000)
        message = try body.text("message", atMost: 10_000)
        metadata = try body.json("metadata", .object)
    }
}

/// Something that happened in a worker.
struct WorkerEvent: Hashable, Sendable {
    /// Nil for the time of arrival.
    let at: Timestamp?
    let level: WorkerEventLevel
    let type: String
    let message: String
    /// An object as JSON; nil without one.
    let details: [UInt8]?

    init(at: Timestamp?, level: WorkerEventLevel, type: String, message: String, details: [UInt8]? = nil) {
        self.at = at
        self.level = level
        self.type = type
        self.message = message
        self.details = details
    }

    init(_ body: BodyReader) throws(BodyReader.Mistake) {
        at = try body.time("ts")
        level = WorkerEventLevel(reading: try body.word("level"))
        type = try body.word("eventType") ?? "worker.event"
        message =
            try body.text("message", atMost: 10_000).flatMap { $0.trimmed.isEmpty ? nil : $0 }
            ?? "worker event"
        details = try body.json("details", .object)
    }
}
