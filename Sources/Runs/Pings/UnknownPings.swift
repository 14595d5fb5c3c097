internal import API
internal import HTTP
internal import Synchronization

/// Bounds what pings of checks that do not exist cost PostgreSQL: anybody may send them, without a token.
///
/// A check that PostgreSQL did not have is remembered for a few seconds, and one client may ask for so many others a
/// minute. Checks that are in memory are never asked about here. Any thread.
final class UnknownPings: Sendable {
    /// How long PostgreSQL is not asked again; no longer, in case nobody tells this Weir of the new check.
    private static let memory = Duration.seconds(5)
    /// How many checks are remembered; when there are more, all are forgotten.
    private static let most = 10_000
    /// All clients together may ask for as many as so many of them.
    private static let clients = 20

    private let limiter: RateLimiter
    /// Of all clients: one that has many addresses is one of them.
    private let common: RateLimiter
    // Guards when PostgreSQL was asked for each check.
    private let asked = Mutex<[PingTarget.Name: ContinuousClock.Instant]>([:])

    /// Makes a bound of `limit` unknown checks of one client a minute.
    init(_ limit: Int) {
        limiter = RateLimiter(limit)
        common = RateLimiter(limit * Self.clients)
    }

    /// Whether PostgreSQL did not have a check a moment ago.
    func contains(_ name: PingTarget.Name, at now: ContinuousClock.Instant) -> Bool {
        asked.withLock { asked in asked[name].map { now - $0 < Self.memory } ?? false }
    }

    /// Whether PostgreSQL may be asked for a check on behalf of a client.
    func hasRoom(for client: String, at now: ContinuousClock.Instant) -> Bool {
        limiter.hasRoom(for: client, at: now) && common.hasRoom(for: "", at: now)
    }

    /// Notes that PostgreSQL does not have the check that a client asked for.
    func insert(_ name: PingTarget.Name, of client: String, at now: ContinuousClock.Instant) {
        _ = limiter.admits(client, at: now)
        _ = common.admits("", at: now)
        asked.withLock { asked in
            if asked.count >= Self.most { asked = [:] }
            asked[name] = now
        }
    }

    /// Forgets which checks there are not: one may have been made.
    func forget() {
        asked.withLock { $0 = [:] }
    }
}
