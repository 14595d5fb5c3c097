internal import Synchronization
internal import WeirClient

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
/// A report at which the server fails (500) may be to blame itself: if the server takes another one meanwhile, it is
/// passed over, tried again a few times, and then set aside, so that the others do not wait for it.
///
/// A value that one task uses: it takes the reports one after the other.
struct Delivery {
    /// How many waiting reports are sent between two new ones at most, so that none of these waits for long.
    private static let drained = 200
    /// How long that may take.
    private static let patience = Duration.seconds(10)
    /// How often the server may fail at a report, while it takes others, until it is set aside.
    private static let mostFailures = 5

    /// A report at which the server failed while it took others.
    private struct Doubt {
        var failures = 0
        /// It is not sent before this.
        var restsUntil = ContinuousClock.now
    }

    /// What became of an attempt.
    private enum Attempt {
        /// It needs no more attempts; whether the server took it.
        case settled(isTaken: Bool)
        /// The server failed, maybe because of this report.
        case failed(AgentServer.Outcome, lasted: Duration)
        /// The server takes nothing now.
        case away
    }

    let server: AgentServer
    let spool: ReportSpool
    let log: AgentLog
    let hurry: Hurry
    /// The pause after the first failure at a report; it is doubled each time.
    var doubtPause = Duration.seconds(60)
    /// Nothing is sent before this.
    private var restsUntil = ContinuousClock.now
    /// By the numbers of reports.
    private var doubts: [UInt64: Doubt] = [:]
    private var lost = 0

    init(server: AgentServer, spool: ReportSpool, log: AgentLog, hurry: Hurry) {
        self.server = server
        self.spool = spool
        self.log = log
        self.hurry = hurry
    }

    /// Whether nothing is sent now.
    var isResting: Bool { ContinuousClock.now < restsUntil }

    /// Delivers a report, or keeps it.
    mutating func take(_ report: [UInt8]) async {
        guard spool.count == 0, !isResting else {
            await keep(report)
            return await drain()
        }
        switch await attempt(report, number: nil) {
        case .settled: break
        case .away: await keep(report)
        case .failed(let outcome, let lasted):
            rest(outcome, after: lasted)
            await keep(report)
        }
    }

    /// Sends waiting reports until the server takes no more of them, or the limits of a round are reached.
    mutating func drain() async {
        let end = min(ContinuousClock.now + Self.patience, hurry.deadline ?? .now + Self.patience)
        // Whether the server has taken one in this round: then a failure is about its report.
        var works = false
        for _ in 0..<Self.drained {
            let now = ContinuousClock.now
            let doubtful = Set(doubts.lazy.filter { $0.value.restsUntil > now }.map(\.key))
            guard now >= restsUntil, now < end, let (number, report) = await spool.oldest(butNot: doubtful)
            else { return }
            switch await attempt(report, number: number) {
            case .settled(let isTaken):
                works = works || isTaken
                doubts[number] = nil
            case .away: return
            case .failed(let outcome, let lasted):
                if !works { works = await takesNewest(but: number) }
                guard works else { return rest(outcome, after: lasted) }
                await doubt(number, outcome)
            }
        }
    }

    /// Whether the server takes the newest report, when it fails at another one.
    private mutating func takesNewest(but other: UInt64) async -> Bool {
        guard let (number, report) = await spool.newest(), number != other,
            case .settled(true) = await attempt(report, number: number)
        else { return false }
        doubts[number] = nil
        return true
    }

    /// Passes a report over for a while, or sets it aside.
    private mutating func doubt(_ number: UInt64, _ outcome: AgentServer.Outcome) async {
        var doubt = doubts[number] ?? Doubt()
        doubt.failures += 1
        doubt.restsUntil = .now + doubtPause * (1 << (doubt.failures - 1))
        doubts[number] = doubt
        guard doubt.failures >= Self.mostFailures, let trouble = outcome.trouble,
            let aside = await spool.setAside(number)
        else { return }
        doubts[number] = nil
        noteDeleted(aside)
        log.say(
            "\(log.sentence(trouble)): it failed \(doubt.failures) times at a report while it took others; the report "
                + "is now \(aside.path); to send it again, stop the agent and move it to \(spool.directory)"
        )
    }

    /// Keeps a report in the spool.
    mutating func keep(_ report: [UInt8]) async {
        switch await spool.append(report) {
        case .whole:
            log.settle("disk", "the spool \(spool.directory) can be written again")
        case .afterDeleting(let count):
            lost += count
            let first = spool.first ?? .max
            doubts = doubts.filter { $0.key >= first }
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

    /// Sends a report; `number` is its number in the spool. One that is settled does not wait there any more.
    private mutating func attempt(_ report: [UInt8], number: UInt64?) async -> Attempt {
        let began = ContinuousClock.now
        var outcome = await server.report(report, until: hurry.deadline)
        if case .unknown = outcome, case .taken = await server.register() {
            outcome = await server.report(report, until: hurry.deadline)
        }
        switch outcome {
        case .taken:
            if let number { await spool.remove(number) }
            log.server(.reports, nil, waiting: spool.count)
            settleLosses()
            return .settled(isTaken: true)
        case .refused(let trouble): return await refused(report, number, trouble)
        case .away(.busy(status: 500), pause: nil): return .failed(outcome, lasted: .now - began)
        case .unknown, .away:
            rest(outcome, after: .now - began)
            return .away
        }
    }

    /// Sets a report aside that the server will never take.
    private mutating func refused(
        _ report: [UInt8],
        _ number: UInt64?,
        _ trouble: ServerTrouble
    ) async -> Attempt {
        let sentence = log.sentence(trouble)
        let aside = if let number { await spool.setAside(number) } else { await spool.setAside(report) }
        if let aside {
            noteDeleted(aside)
            log.once(
                "refused",
                "\(sentence); the report is kept in \(spool.rejectedDirectory), and not sent again; "
                    + "later ones are not shown"
            )
        } else {
            if let number { await spool.remove(number) }
            log.once("lost", "a report is lost: \(sentence); later ones are not shown")
        }
        return .settled(isTaken: false)
    }

    private func noteDeleted(_ aside: ReportSpool.SetAside) {
        guard aside.deleted > 0 else { return }
        log.once(
            "rejected",
            "\(spool.rejectedDirectory) is full: its oldest reports are deleted; "
                + "empty it, or allow more by --spool-limit"
        )
    }

    /// Nothing is sent for as long as the server asks, and at least for as long as the last attempt took: while a server
    /// hangs, new reports still reach the spool.
    private mutating func rest(_ outcome: AgentServer.Outcome, after attempt: Duration) {
        var pause = min(attempt, .seconds(10))
        if case .away(_, let asked?) = outcome { pause = max(pause, asked) }
        restsUntil = max(restsUntil, .now + pause)
        log.server(.reports, outcome.trouble, waiting: spool.count)
    }

    private mutating func settleLosses() {
        guard spool.count == 0 else { return }
        log.settle("full", "\(lost) reports were deleted while the server was away")
        lost = 0
    }
}
