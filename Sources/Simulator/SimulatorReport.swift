/// The result of a simulation.
package struct SimulatorReport: Sendable {
    /// Runs that were sent, including resumed ones.
    package var runs = 0
    /// Events and calls that were sent.
    package var sent = 0
    /// Those with a 2xx response.
    package var acknowledged = 0
    /// Those with another response, by status; the real clients drop them.
    package var refused: [Int: Int] = [:]
    /// Those without a response.
    package var lost = 0
    /// How often one was sent again: an event when a connection ended before a status line, as the JDK does; a call when
    /// it was not taken.
    package var resent = 0
    /// Records of tasks in calls that were acknowledged.
    package var tasks = 0
    /// Runs that ended because a call was not taken.
    package var ended = 0
    /// The first reason for a lost event.
    package var firstTrouble: String?
    /// Microseconds from sending to the response, one per response, unordered.
    package var latencies: [Int32] = []
    /// The duration of the simulation.
    package var elapsed = Duration.zero
    /// Whether it was stopped before all events were sent.
    package var isCutShort = false

    /// An empty report.
    package init() {}

    /// Adds the results of another sender.
    mutating func merge(_ other: SimulatorReport) {
        runs += other.runs
        sent += other.sent
        acknowledged += other.acknowledged
        refused.merge(other.refused, uniquingKeysWith: +)
        lost += other.lost
        resent += other.resent
        tasks += other.tasks
        ended += other.ended
        firstTrouble = firstTrouble ?? other.firstTrouble
        latencies += other.latencies
    }

    /// Whether every event was acknowledged.
    package var isClean: Bool { acknowledged == sent }

    /// The report as text.
    package var lines: [String] {
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Int((Double(acknowledged) / seconds).rounded()) : 0
        var lines = [
            "runs          \(runs)",
            "sent          \(sent)",
            "acknowledged  \(acknowledged)  (\(rate)/s over \(Self.rounded(seconds)) s)",
        ]
        if tasks > 0 { lines.append("task records  \(tasks)") }
        for (status, count) in refused.sorted(by: { $0.key < $1.key }) {
            lines.append("refused       \(count)  (status \(status))")
        }
        if lost > 0 { lines.append("lost          \(lost)  (\(firstTrouble ?? "no answer"))") }
        let unanswered = sent - acknowledged - refused.values.reduce(0, +) - lost
        if unanswered > 0 { lines.append("not answered  \(unanswered)") }
        if resent > 0 { lines.append("sent again    \(resent)") }
        if ended > 0 { lines.append("runs ended    \(ended)  (a call was not taken)") }
        let sorted = latencies.sorted()
        if let last = sorted.last {
            let shares = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)].map { name, share in
                "\(name) \(Self.milliseconds(sorted[Int(share * Double(sorted.count - 1))]))"
            }
            lines.append("latency       \(shares.joined(separator: "  "))  max \(Self.milliseconds(last))")
        }
        if isCutShort { lines.append("stopped before the end") }
        return lines
    }

    private static func milliseconds(_ microseconds: Int32) -> String {
        "\(rounded(Double(microseconds) / 1000)) ms"
    }

    private static func rounded(_ value: Double) -> String {
        "\((value * 100).rounded() / 100)"
    }
}
