import Core
import Postgres
import Synchronization

/// Checks PostgreSQL at intervals over a new connection, since open connections do not show everything: a server
/// whose programs were replaced, that is full, or whose role lost a right answers old sessions and refuses new ones.
final class DatabaseProbe: Sendable {
    /// The result of the last check.
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

    /// The maximum ages of a good result, and of a bad one.
    private static let ages = (fine: Duration.seconds(10), other: Duration.milliseconds(500))

    private let target: ConnectionTarget
    private let session: SessionSettings
    // Guards the last result, and lets one check run at a time.
    private let state = Mutex(Guarded())

    /// Makes a probe; nothing is checked yet.
    init(_ target: ConnectionTarget, _ session: SessionSettings) {
        self.target = target
        self.session = session
    }

    /// The last known result.
    var lastKnown: Finding { state.withLock { $0.finding } }

    /// Checks when the last result is old, and waits at most `limit` for that; returns the last known result.
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

    /// Checks at once, on the calling thread, and stores the result.
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

    /// Makes the server load one of its own libraries, as Weir's functions do. A role without the right to run such
    /// blocks may still call the functions.
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
