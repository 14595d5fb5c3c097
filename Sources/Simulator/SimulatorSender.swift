internal import Core
internal import Dispatch
internal import Outbound

/// One sender: it handles its queue of runs like a Nextflow process, with the weblog, Tower's client or both.
struct SimulatorSender {
    private let options: SimulatorOptions
    private let schedule: SimulatorSchedule
    private let ledger: SimulatorLedger

    init(_ options: SimulatorOptions, _ schedule: SimulatorSchedule, _ ledger: SimulatorLedger) {
        self.options = options
        self.schedule = schedule
        self.ledger = ledger
    }

    /// Sends a session's runs to their ends.
    func send(_ session: SimulatedSession) {
        for run in session.runs {
            ledger.note { $0.runs += 1 }
            guard send(run) else { return }
        }
    }

    /// Sends a run in the order of its time; false when sending has stopped.
    private func send(_ run: SimulatedRun) -> Bool {
        // Every Nextflow is a separate process, so it starts with new connections.
        var weblog = options.weblog.map { WeblogSender(options, $0, ledger) }
        var tower = options.tower.map { TowerSender(options, $0, schedule, ledger) }
        var events = (weblog == nil ? [] : run.events)[...]
        var calls = (tower == nil ? [] : run.calls(every: options.callInterval))[...]
        while let next = [events.first?.at, calls.first?.at].compactMap(\.self).min() {
            guard schedule.waitForTurn() else { return false }
            if let event = events.first, event.at <= next || calls.isEmpty {
                events.removeFirst()
                weblog?.deliver(run.body(of: event), version: run.dialect.version)
            } else if let call = calls.popFirst() {
                tower?.deliver(call, of: run)
                guard tower?.goesOn != false else { return true }
            }
        }
        return true
    }
}

/// The weblog of one run: one event at a time over one connection (contract §4.7).
struct WeblogSender {
    private let options: SimulatorOptions
    private let target: SimulatorTarget
    private let ledger: SimulatorLedger
    private let client = OutboundClient()
    /// Whether the last response left its connection open.
    private var isKept = false

    init(_ options: SimulatorOptions, _ target: SimulatorTarget, _ ledger: SimulatorLedger) {
        self.options = options
        self.target = target
        self.ledger = ledger
    }

    mutating func deliver(_ body: [UInt8], version: String) {
        ledger.note { $0.sent += 1 }
        let request = request(body, version: version)
        let started = DispatchTime.now().uptimeNanoseconds
        do throws(OutboundError) {
            let answer = try client.sendBlocking(request)
            let microseconds = (DispatchTime.now().uptimeNanoseconds - started) / 1000
            // A kept connection turned out to be closed: the JDK's `retryPost`.
            let isResent = isKept && answer.connections > 0
            isKept = answer.leavesConnection
            ledger.note { report in
                report.resent += isResent ? 1 : 0
                report.latencies.append(Int32(clamping: microseconds))
                if (200..<300).contains(answer.status) {
                    report.acknowledged += 1
                } else {
                    report.refused[answer.status, default: 0] += 1
                }
            }
        } catch {
            let isResent = isKept && error.isOfNewConnection
            isKept = false
            ledger.note { report in
                report.resent += isResent ? 1 : 0
                report.lost += 1
                report.firstTrouble = report.firstTrouble ?? error.cause
            }
        }
    }

    private func request(_ body: [UInt8], version: String) -> OutboundRequest {
        var request = OutboundRequest("POST", target.url, body: body)
        request.fields = [("Content-Type", "application/json"), ("User-Agent", "Nextflow/\(version)")]
        if let token = target.token {
            request.fields.append(("Authorization", "Basic \(Base64.encode(Array(token.utf8)))"))
        }
        request.fields += [
            ("Host", target.authority), ("Accept", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"),
            ("Connection", "keep-alive"),
        ]
        request.timeout = .seconds(options.timeoutSeconds)
        request.connectTimeout = request.timeout
        request.answerLimit = 64 << 20
        return request
    }
}

extension OutboundResponse {
    /// Whether the next request may use the same connection. RFC 9112 §6.3, §9.3.
    fileprivate var leavesConnection: Bool {
        let isFramed = field("content-length") != nil || field("transfer-encoding") != nil
        return field("connection")?.lowercased() != "close" && (isFramed || [204, 304].contains(status))
    }
}

extension OutboundError {
    /// Whether the error is of a new connection: a kept one is replaced before it fails like this.
    fileprivate var isOfNewConnection: Bool {
        switch self {
        case .unreachable, .closed: true
        default: false
        }
    }
}
