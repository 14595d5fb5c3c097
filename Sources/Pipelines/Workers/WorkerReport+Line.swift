internal import Core

// The bodies of the lines `pipeline.worker/1` and `pipeline.worker_events/1`: what the worker sent by its names, and the
// word that says what it is.

extension WorkerReport {
    /// The kind of its line.
    var kind: PipelinesProjection.Kind { if case .events = word { .workerEvents } else { .worker } }

    /// The body of the line.
    var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { line in
            line.member("worker", workerID)
            switch word {
            case .bootstrap(let bootstrap):
                line.member("word", "bootstrap")
                bootstrap.write(to: &line)
            case .heartbeat(let beat):
                line.member("word", "heartbeat")
                beat.write(to: &line)
            case .events(let events):
                line.member("word", "events")
                line.array("events") { list in for event in events { event.write(to: &list) } }
            case .shutdown(let reason):
                line.member("word", "shutdown")
                if let reason { line.member("reason", reason) }
            case .lost(let since):
                line.member("word", "lost")
                line.member("since", since.iso8601())
            }
        }
        return writer.bytes
    }

    /// Reads the body of a line.
    init(line body: BodyReader) throws(BodyReader.Mistake) {
        guard let id = try body.id("worker") else { throw .init("the line does not name its worker") }
        workerID = id
        switch try body.word("word") {
        case "bootstrap": word = .bootstrap(try WorkerBootstrap(line: body))
        case "heartbeat": word = .heartbeat(try WorkerHeartbeat(body))
        case "events":
            var events: [WorkerEvent] = []
            for node in try body.list("events", atMost: .max) {
                events.append(try WorkerEvent(BodyReader(node)))
            }
            word = .events(events)
        case "shutdown": word = .shutdown(reason: try body.text("reason"))
        case "lost":
            guard let since = try body.time("since") else { throw .init("not a line of a worker") }
            word = .lost(since: since)
        default: throw .init("not a line of a worker")
        }
    }
}

extension WorkerBootstrap {
    fileprivate func write(to line: inout JSONWriter) {
        line.member("application_id", applicationID)
        line.member("application", application)
        line.member("session", sessionHash)
        line.member("expires_at", expiresAt.iso8601())
        line.member("workerName", name)
        line.member("instanceId", instanceID)
        if let version { line.member("workerVersion", version) }
        if let sdkVersion { line.member("sdkVersion", sdkVersion) }
        if let environment { line.member("environment", environment) }
        if let hostName { line.member("hostName", hostName) }
        if let pid { line.member("pid", pid) }
        line.member("supportedHandlers", raw: handlers)
        line.member("capabilities", raw: capabilities)
        line.member("metadata", raw: metadata)
    }

    fileprivate init(line body: BodyReader) throws(BodyReader.Mistake) {
        try self.init(body)
        guard let session = try body.text("session"), let expiresAt = try body.time("expires_at"),
            let application = try body.id("application_id")
        else { throw .init("not a bootstrap of a worker") }
        sessionHash = session
        self.expiresAt = expiresAt
        applicationID = application
        self.application = try body.text("application") ?? ""
    }
}

extension WorkerHeartbeat {
    fileprivate func write(to line: inout JSONWriter) {
        if let state { line.member("state", state.rawValue) }
        if let uptime { line.member("uptimeSec", uptime) }
        if let isBrokerConnected { line.member("brokerConnected", isBrokerConnected) }
        if let inFlight { line.member("inFlightJobs", inFlight) }
        if let processed { line.member("jobsProcessed", processed) }
        if let failed { line.member("jobsFailed", failed) }
        if let queueLag { line.member("queueLag", queueLag) }
        if let cpu { line.member("cpuPercent", cpu) }
        if let memory { line.member("memoryMb", memory) }
        if let lastError { line.member("lastError", lastError) }
        if let message { line.member("message", message) }
        if let metadata { line.member("metadata", raw: metadata) }
    }
}

extension WorkerEvent {
    fileprivate func write(to list: inout JSONWriter) {
        list.object { event in
            if let at { event.member("ts", at.iso8601()) }
            event.member("level", level.rawValue)
            event.member("eventType", type)
            event.member("message", message)
            if let details { event.member("details", raw: details) }
        }
    }
}
