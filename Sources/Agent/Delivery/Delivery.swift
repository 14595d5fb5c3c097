internal import Synchronization

/// When the agent stops: until when reports may still be sent. Any thread.
final class Hurry: Sendable {
    // Guards the deadline.
    private let guarded = Mutex<ContinuousClock.Instant?>(nil)

    /// Nil while the agent works.
    var deadline: ContinuousClock.Instant? { guarded.withLock { $0 } }

    func begin(_ deadline: ContinuousClock.Instant) { guarded.withLock { $0 = deadline } }
}

/// Brings reports to the server, oldest first; what it can't take waits in the spool.
///
/// A value that one task uses: it takes the reports one after the other.
struct Delivery {
    /// How many waiting reports are sent between two new ones at most, so that none of these waits for long.
    private static let drained = 200
    /// How long that may take.
    private static let patience = Duration.seconds(10)

    let server: AgentServer
    let spool: ReportSpool
    let log: AgentLog
    let hurry: Hurry
    /// Nothing is sent before this.
    private var restsUntil = ContinuousClock.now
    private var lost = 0

    init(server: AgentServer, spool: ReportSpool, log: AgentLog, hurry: Hurry) {
        self.server = server
        self.spool = spool
        self.log = log
        self.hurry = hurry
    }

    /// Delivers a report, or keeps it.
    mutating func take(_ report: [UInt8]) async {
        if spool.count == 0, ContinuousClock.now >= restsUntil {
            if await deliver(report) == false { await keep(report) }
            return
        }
        await keep(report)
        await drain()
    }

    /// Sends waiting reports until the server takes no more of them, or the limits of a round are reached.
    mutating func drain() async {
        let end = min(ContinuousClock.now + Self.patience, hurry.deadline ?? .now + Self.patience)
        for _ in 0..<Self.drained {
            guard ContinuousClock.now >= restsUntil, ContinuousClock.now < end,
                let (number, report) = await spool.oldest(), await deliver(report)
            else { return }
            await spool.remove(number)
        }
    }

    /// Keeps a report in the spool.
    mutating func keep(_ report: [UInt8]) async {
        switch await spool.append(report) {
        case .whole:
            log.settle("disk", "the spool \(spool.directory) can be written again")
        case .afterDeleting(let count):
            lost += count
            log.once(
                "full",
                "the spool \(spool.directory) is full: its oldest reports are deleted; --spool-limit allows more"
            )
        case .not:
            lost += 1
            log.once(
                "disk",
                "the spool \(spool.directory) can't be written, reports are lost; see whether its disk is full"
            )
        }
    }

    /// Whether a report needs no more attempts.
    private mutating func deliver(_ report: [UInt8]) async -> Bool {
        let began = ContinuousClock.now
        var outcome = await server.report(report, until: hurry.deadline)
        if case .unknown = outcome, case .taken = await server.register() {
            outcome = await server.report(report, until: hurry.deadline)
        }
        switch outcome {
        case .taken:
            log.server(.reports, nil, waiting: max(0, spool.count - 1))
            settleLosses()
            return true
        case .refused(let trouble):
            log.once("refused", "a report is lost: \(log.sentence(trouble)); later ones are not shown")
            return true
        case .unknown, .away:
            rest(outcome, after: .now - began)
            log.server(.reports, outcome.trouble, waiting: spool.count)
            return false
        }
    }

    /// Nothing is sent for as long as the server asks, and at least for as long as the last attempt took: while a server
    /// hangs, new reports still reach the spool.
    private mutating func rest(_ outcome: AgentServer.Outcome, after attempt: Duration) {
        var pause = min(attempt, .seconds(10))
        if case .away(_, let asked?) = outcome { pause = max(pause, asked) }
        restsUntil = .now + pause
    }

    private mutating func settleLosses() {
        guard spool.count <= 1 else { return }
        log.settle("full", "\(lost) reports were deleted while the server was away")
        lost = 0
    }
}
