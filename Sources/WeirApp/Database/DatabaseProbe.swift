import Core
import Postgres
import Synchronization

/// Asks PostgreSQL now and then over a new connection, which connections that are open already do not do: a server
/// whose programs were replaced, that is full, or whose role lost a right answers old sessions and refuses new ones.
final class DatabaseProbe: Sendable {
    /// What the last question found.
    enum Finding: Hashable, Sendable {
        case unknown
        case fine(DatabaseFacts)
        case misfit(DatabaseMisfit)
        case failed(PostgresError)
    }

    private struct Guarded {
        var finding = Finding.unknown
        var askedAt: ContinuousClock.Instant?
        var isAsking = false
    }

    /// How old a good answer may be, and a bad one.
    private static let ages = (fine: Duration.seconds(10), other: Duration.milliseconds(500))

    private let target: ConnectionTarget
    private let session: SessionSettings
    // Guards what was found last, and lets one question run at a time.
    private let state = Mutex(Guarded())

    /// Makes a probe; nothing is asked yet.
    init(_ target: ConnectionTarget, _ session: SessionSettings) {
        self.target = target
        self.session = session
    }

    /// What is known without asking.
    var lastKnown: Finding { state.withLock { $0.finding } }

    /// Asks when the last answer is old, and waits for that at most `limit`; then answers what is known.
    func check(within limit: Duration) async -> Finding {
        guard begin() else { return lastKnown }
        let outcome = FirstAnswer<Void>()
        Task {
            let found = try? await blocking { [self] in ask() }
            finish(found ?? .unknown)
            outcome.settle(())
        }
        let watch = Task {
            try? await Task.sleep(for: limit)
            outcome.settle(())
        }
        await outcome.value
        watch.cancel()
        return lastKnown
    }

    /// Asks at once, on the calling thread, and remembers the answer.
    func ask() -> Finding {
        do {
            let facts = try Connection.withTemporary(target, session) { connection in
                let facts = try DatabaseFacts.fetch(connection, target, session)
                try Self.loadLibrary(connection)
                return facts
            }
            return facts.misfit.map(Finding.misfit) ?? .fine(facts)
        } catch let error as PostgresError {
            return .failed(error)
        } catch {
            return .unknown
        }
    }

    /// Makes the server load a library of its own, as Weir's functions do. A role that may not write such blocks may
    /// still call them.
    private static func loadLibrary(_ connection: Connection) throws(PostgresError) {
        do throws(PostgresError) {
            try connection.executeScript("DO $$ BEGIN NULL; END $$")
        } catch  where error.kind == .forbidden {
            return
        }
    }

    private func begin() -> Bool {
        state.withLock { state in
            guard !state.isAsking else { return false }
            if let askedAt = state.askedAt {
                let age = if case .fine = state.finding { Self.ages.fine } else { Self.ages.other }
                guard ContinuousClock.now - askedAt >= age else { return false }
            }
            state.isAsking = true
            return true
        }
    }

    private func finish(_ finding: Finding) {
        state.withLock { state in
            state.isAsking = false
            state.askedAt = .now
            state.finding = finding
        }
    }
}
