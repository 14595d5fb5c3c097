internal import Core

/// The checks that the pings of a batch belong to, and how they stand: which run a ping begins or ends, without SQL.
///
/// Pings are applied in order. A ping with a rid belongs to the run of that rid; one without ends the run of its check
/// that began without one. Only the second depends on the order: pings of two Weirs that meet out of order lead to the
/// same times and states.
struct PingBook {
    /// A check as its row says.
    struct Check: Sendable {
        let id: UUID128
        let name: String
        let project: String?
    }

    /// How its pings stand.
    struct State: Sendable, Hashable {
        var lastPingAt: Timestamp?
        var lastKind: String?
        var lastExit: Int?
        var lastStartAt: Timestamp?
        var openRun: String?
        var openSince: Timestamp?
        var bareRun: String?
        var bareAt: Timestamp?
    }

    /// A ping and the run that it belongs to.
    struct Entry: Sendable {
        let ping: Ping
        let check: UUID128
        let eventID: String?
    }

    /// A repeated end within this time is the same ping, sent again.
    private static let repetition = Duration.seconds(10)

    private(set) var states: [UUID128: State]
    private(set) var changed: Set<UUID128> = []
    private(set) var entries: [Entry] = []
    private let checks: [Ping.Subject: Check]

    /// Makes a book of stored checks, by what lines call them, and their states.
    init(_ checks: [Ping.Subject: Check], _ states: [UUID128: State]) {
        self.checks = checks
        self.states = states
    }

    /// Writes a ping down.
    ///
    /// - Returns: what it does to runs; nothing for a check that does not exist.
    mutating func add(_ ping: Ping, _ element: RunElement) -> [RunElement] {
        guard let check = checks[ping.subject] else { return [] }
        let before = states[check.id] ?? State()
        var state = before
        var effects: [(eventID: String, run: PingRun)] = []
        switch ping.kind {
        case .log: break
        case .start: effects = begin(ping, check, &state)
        case .success, .fail: effects = end(ping, check, &state)
        }
        if state != before {
            states[check.id] = state
            changed.insert(check.id)
        }
        entries.append(Entry(ping: ping, check: check.id, eventID: effects.last?.eventID))
        return effects.map { eventID, run in
            RunElement(
                seq: element.seq,
                at: element.at,
                place: element.place,
                key: RunKeys.run(eventID),
                operation: .ping(run)
            )
        }
    }

    private func begin(_ ping: Ping, _ check: Check, _ state: inout State) -> [(String, PingRun)] {
        state.lastStartAt = max(state.lastStartAt ?? ping.at, ping.at)
        let own = ping.eventID(of: check.id)
        guard ping.rid == nil else { return [(own, run(ping, check, own))] }
        // It comes behind its own end.
        if let bare = state.bareRun, let at = state.bareAt, ping.at <= at {
            state.bareRun = nil
            return [(bare, run(ping, check, bare))]
        }
        var effects: [(String, PingRun)] = []
        if let open = state.openRun, let since = state.openSince {
            guard since <= ping.at else {
                return [(own, run(ping, check, own, end: Self.abandoned(at: since)))]
            }
            // Nobody can end it any more.
            var left = run(ping, check, open, end: Self.abandoned(at: ping.at))
            left.start = nil
            effects.append((open, left))
        }
        (state.openRun, state.openSince) = (own, ping.at)
        return effects + [(own, run(ping, check, own))]
    }

    private func end(_ ping: Ping, _ check: Check, _ state: inout State) -> [(String, PingRun)] {
        let last = state
        if ping.at >= state.lastPingAt ?? ping.at {
            (state.lastPingAt, state.lastKind, state.lastExit) = (
                ping.at, ping.kind.rawValue, ping.exitStatus
            )
        }
        let own = ping.eventID(of: check.id)
        guard ping.rid == nil else { return [(own, run(ping, check, own))] }
        if let open = state.openRun, let since = state.openSince, since <= ping.at {
            (state.openRun, state.openSince) = (nil, nil)
            return [(open, run(ping, check, open))]
        }
        if let at = last.lastPingAt, at <= ping.at, ping.at - at < Self.repetition,
            last.lastKind == ping.kind.rawValue, last.lastExit == ping.exitStatus
        {
            return []
        }
        (state.bareRun, state.bareAt) = (own, ping.at)
        return [(own, run(ping, check, own))]
    }

    /// What a ping says of a run; `end` is how it ended when the ping itself does not say so.
    private func run(_ ping: Ping, _ check: Check, _ eventID: String, end: PingRun.End? = nil) -> PingRun {
        var end = end
        if ping.kind != .start {
            let status: RunStatus = ping.kind == .fail ? .failure : .success
            end = PingRun.End(status: status, at: ping.at, error: error(ping), exitStatus: ping.exitStatus)
        }
        return PingRun(
            new: new(ping, check, eventID, end),
            start: ping.kind == .start ? ping.at : nil,
            end: end
        )
    }

    private static func abandoned(at time: Timestamp) -> PingRun.End {
        let reason = "Another run of the check began before this one ended."
        return PingRun.End(status: .cancelled, at: time, error: reason, exitStatus: nil)
    }

    private func error(_ ping: Ping) -> String? {
        guard ping.kind == .fail else { return nil }
        return ping.lastLines ?? ping.exitStatus.map { "The job ended with exit status \($0)." }
            ?? "The job reported a failure."
    }

    private func new(_ ping: Ping, _ check: Check, _ eventID: String, _ end: PingRun.End?) -> NewRun {
        var record = RunRecord()
        record.set(.eventID, eventID)
        record.set(.runID, (ping.rid ?? ping.id).description)
        record.set(.agentName, check.name)
        record.set(.jobType, PingRun.trigger)
        record.set(.startTime, ping.at.iso8601(offset: .plusZero))
        record.set(.createdAt, ping.at.iso8601(offset: .plusZero))
        record.set(.triggerType, PingRun.trigger)
        record.set(.product, check.project)
        record[.contextJSON] = Array(#"{"check":"\#(check.id)"}"#.utf8)[...]
        record.set(.status, RunStatus.running.rawValue)
        _ = record.tell(start: nil, end: end)
        let whole = record.completed(with: RunDefaults(at: ping.at))
        var rows = RunsApplyStore.rows(for: 1)
        rows.append(run: whole, RunKeys.run(eventID), receivedAt: ping.at)
        return NewRun(sent: record, record: whole, rows: rows, row: 0)
    }
}
