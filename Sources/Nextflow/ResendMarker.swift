internal import Core
internal import Postgres

/// Tells a client's automatic repetition from a new event: the same cleaned body within ten minutes of one that
/// counted. The JDK repeats a POST whose connection dropped before the answer. Contract §4.7, §6 (3).
enum ResendMarker {
    private static let window = Duration.seconds(600)

    /// Sets `isResend` of every event.
    static func mark(_ events: inout [NextflowEvent], on connection: Connection) throws {
        var rest = Array(events.indices)
        // A round claims the first event of each digest. A digest comes up again only when a batch that was caught
        // up from the journal holds the same body at times more than ten minutes apart.
        while !rest.isEmpty {
            var first: [UUID128: Int] = [:]
            for index in rest where first[events[index].digest] == nil { first[events[index].digest] = index }
            let held = try claim(first.values.map { events[$0] }, on: connection)
            rest = rest.filter { index in
                let (digest, time) = (events[index].digest, events[index].receivedAt)
                guard let since = held[digest] else { return false }
                if first[digest] == index {
                    events[index].isResend = since != time
                    return false
                }
                guard isNear(since, time) else { return true }
                events[index].isResend = true
                return false
            }
        }
    }

    private static func isNear(_ one: Timestamp, _ other: Timestamp) -> Bool {
        (one > other ? one - other : other - one) <= window
    }

    /// The times by which the digests of `events` are held now.
    private static func claim(
        _ events: [NextflowEvent],
        on connection: Connection
    ) throws -> [UUID128: Timestamp] {
        let held = try NextflowApplyStore.claimDigests(
            events.map(\.digest),
            times: events.map(\.receivedAt),
            on: connection
        )
        return Dictionary(held, uniquingKeysWith: { first, _ in first })
    }
}
