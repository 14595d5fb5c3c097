internal import Core
internal import Dispatch
internal import Glibc
internal import Outbound

/// Tower's client of one run: it makes each call again that was not taken, and gives up as its Nextflow does.
/// Contract nextflow §5.2, §10 (1) to (3).
struct TowerSender {
    private let options: SimulatorOptions
    private let target: SimulatorTarget
    private let schedule: SimulatorSchedule
    private let ledger: SimulatorLedger
    private let client = OutboundClient()
    /// What `create` answered.
    private var workflowID: String?
    /// Whether the run goes on: some calls end it when they are refused for good.
    private(set) var goesOn = true

    init(
        _ options: SimulatorOptions,
        _ target: SimulatorTarget,
        _ schedule: SimulatorSchedule,
        _ ledger: SimulatorLedger
    ) {
        self.options = options
        self.target = target
        self.schedule = schedule
        self.ledger = ledger
    }

    /// Makes a call of a run.
    mutating func deliver(_ call: SimulatedCall, of run: SimulatedRun) {
        ledger.note { $0.sent += 1 }
        let body = run.body(of: call, workflowID: workflowID)
        guard let answer = answer(to: request(call, body, run), call, run.dialect) else {
            // One that was stopped has not given up.
            return schedule.isStopped ? () : giveUp(call, run.dialect)
        }
        if case .progress(let tasks) = call.kind { ledger.note { $0.tasks += tasks.count } }
        guard case .create = call.kind else { return }
        let told = try? JSONDocument(answer.body).root["workflowId"]?.string
        workflowID = told.flatMap { $0.isEmpty ? nil : $0 }
        if workflowID == nil { giveUp(call, run.dialect) }
    }

    /// The client of 25.10 goes on without an id; a run of another ends (contract nextflow §10 (1), (2)).
    private mutating func giveUp(_ call: SimulatedCall, _ dialect: SimulatedDialect) {
        switch call.kind {
        case .create: goesOn = dialect == .completedTwice
        case .begin: goesOn = false
        case .progress: goesOn = dialect != .errorLast
        case .heartbeat, .complete: break
        }
        if workflowID == nil { workflowID = "null" }
        if !goesOn { ledger.note { $0.ended += 1 } }
    }

    // MARK: - Sending

    /// The answer that took the call; nil when the client gave up.
    private func answer(
        to request: OutboundRequest,
        _ call: SimulatedCall,
        _ dialect: SimulatedDialect
    ) -> OutboundResponse? {
        let attempts = dialect.attempts(of: call)
        for attempt in 1...attempts {
            if attempt > 1 {
                guard schedule.pause(pause(after: attempt - 1)) else { return nil }
                ledger.note { $0.resent += 1 }
            }
            let started = DispatchTime.now().uptimeNanoseconds
            do throws(OutboundError) {
                let answer = try client.sendBlocking(request)
                let microseconds = (DispatchTime.now().uptimeNanoseconds - started) / 1000
                ledger.note { $0.latencies.append(Int32(clamping: microseconds)) }
                if (200..<300).contains(answer.status) {
                    ledger.note { $0.acknowledged += 1 }
                    return answer
                }
                guard attempt < attempts, Self.comesAgain.contains(answer.status) else {
                    ledger.note { $0.refused[answer.status, default: 0] += 1 }
                    return nil
                }
            } catch {
                guard attempt == attempts else { continue }
                ledger.note { report in
                    report.lost += 1
                    report.firstTrouble = report.firstTrouble ?? error.cause
                }
            }
        }
        return nil
    }

    private static let comesAgain: Set<Int> = [429, 500, 502, 503, 504]

    /// Doubled each time, and a quarter more or less.
    private func pause(after attempt: Int) -> Duration {
        min(.seconds(90), options.retryDelay * (1 << (attempt - 1))) * Double.random(in: 0.75...1.25)
    }

    private func request(_ call: SimulatedCall, _ body: [UInt8], _ run: SimulatedRun) -> OutboundRequest {
        // Slashes at its end are dropped (contract nextflow §5.1).
        let base = target.url.hasSuffix("/") ? String(target.url.dropLast()) : target.url
        let isCreate = if case .create = call.kind { true } else { false }
        let path = isCreate ? "create" : "\(workflowID ?? "null")/\(call.name)"
        var request = OutboundRequest(isCreate ? "POST" : "PUT", "\(base)/trace/\(path)", body: body)
        let token = Base64.encode(Array("@token:\(target.token ?? "anything")".utf8))
        request.fields = [
            ("Host", target.authority), ("Authorization", "Basic \(token)"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("User-Agent", "Nextflow/\(run.dialect.version)"),
        ]
        request.timeout = .seconds(options.timeoutSeconds)
        request.connectTimeout = request.timeout
        return request
    }
}

extension SimulatedDialect {
    /// How often a call is made in all. The old client makes `create` once.
    fileprivate func attempts(of call: SimulatedCall) -> Int {
        guard self == .errorFirst else { return 10 }
        if case .create = call.kind { return 1 }
        return 6
    }
}

extension SimulatorSchedule {
    /// Blocks for a while; false when sending has stopped.
    fileprivate func pause(_ duration: Duration) -> Bool {
        let end = ContinuousClock.now + duration
        while !isStopped {
            let left = ContinuousClock.now.duration(to: end)
            guard left > .zero else { return true }
            usleep(UInt32(min(left, .milliseconds(100)) / .microseconds(1)))
        }
        return false
    }
}
