internal import Core
internal import Dispatch
internal import Outbound

/// One sender: it handles its queue of events like a Nextflow process (contract §4.7).
struct SimulatorSender {
    private let options: SimulatorOptions
    private let schedule: SimulatorSchedule
    private let ledger: SimulatorLedger
    private var client = OutboundClient()
    /// Whether the last response left its connection open.
    private var isKept = false

    init(_ options: SimulatorOptions, _ schedule: SimulatorSchedule, _ ledger: SimulatorLedger) {
        self.options = options
        self.schedule = schedule
        self.ledger = ledger
    }

    /// Sends a session's runs to their ends.
    mutating func send(_ session: SimulatedSession) {
        for run in session.runs {
            ledger.note { $0.runs += 1 }
            // Every Nextflow is a separate process, so it starts with a new connection.
            client = OutboundClient()
            isKept = false
            for event in run.events {
                guard schedule.waitForTurn() else { return }
                deliver(run.body(of: event), version: run.dialect.version)
            }
        }
    }

    private mutating func deliver(_ body: [UInt8], version: String) {
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
        let target = options.target
        var request = OutboundRequest("POST", target.url, body: body)
        request.fields = [("Content-Type", "application/json"), ("User-Agent", "Nextflow/\(version)")]
        if let token = target.basicToken {
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
