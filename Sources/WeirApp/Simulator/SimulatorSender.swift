import Core
import Dispatch

/// One sender: what a Nextflow process does with its queue of events (contract §4.7).
struct SimulatorSender {
    private let options: SimulatorOptions
    private let schedule: SimulatorSchedule
    private var connection: PlainClient?
    private let ledger: SimulatorLedger

    init(_ options: SimulatorOptions, _ schedule: SimulatorSchedule, _ ledger: SimulatorLedger) {
        self.options = options
        self.schedule = schedule
        self.ledger = ledger
    }

    /// Sends a session's runs to their ends.
    mutating func send(_ session: SimulatedSession) {
        for run in session.runs {
            ledger.note { $0.runs += 1 }
            // Every Nextflow is a process of its own, so it begins with a new connection.
            connection = nil
            for event in run.events {
                guard schedule.waitForTurn() else { return }
                deliver(run.body(of: event), version: run.dialect.version)
            }
        }
    }

    private mutating func deliver(_ body: [UInt8], version: String) {
        ledger.note { $0.sent += 1 }
        let request = head(length: body.count, version: version) + body
        let started = DispatchTime.now().uptimeNanoseconds
        do {
            let status = try attempt(request)
            let microseconds = (DispatchTime.now().uptimeNanoseconds - started) / 1000
            ledger.note { report in
                report.latencies.append(Int32(clamping: microseconds))
                if (200..<300).contains(status) {
                    report.acknowledged += 1
                } else {
                    report.refused[status, default: 0] += 1
                }
            }
        } catch {
            ledger.note { report in
                report.lost += 1
                report.firstTrouble = report.firstTrouble ?? error.description
            }
        }
    }

    /// Sends once, and once more when a kept connection turns out to be dead: the JDK's `retryPost`.
    private mutating func attempt(_ request: [UInt8]) throws(PlainClientError) -> Int {
        let wasOpen = connection != nil
        do {
            return try exchange(request)
        } catch PlainClientError.closedBeforeAnswer where wasOpen {
            ledger.note { $0.resent += 1 }
            return try exchange(request)
        }
    }

    private mutating func exchange(_ request: [UInt8]) throws(PlainClientError) -> Int {
        let client: PlainClient
        if let connection {
            client = connection
        } else {
            client = try PlainClient(options.target.endpoint, timeoutSeconds: options.timeoutSeconds)
        }
        connection = nil
        let answer = try client.exchange(request)
        if answer.isKept { connection = client }
        return answer.status
    }

    private func head(length: Int, version: String) -> [UInt8] {
        let target = options.target
        var text = "POST \(target.path) HTTP/1.1\r\nContent-Type: application/json\r\n"
        text += "User-Agent: Nextflow/\(version)\r\n"
        if let token = target.basicToken {
            text += "Authorization: Basic \(Base64.encode(Array(token.utf8)))\r\n"
        }
        text +=
            "Host: \(target.authority)\r\nAccept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\n"
        text += "Connection: keep-alive\r\nContent-Length: \(length)\r\n\r\n"
        return Array(text.utf8)
    }
}
