internal import Core
internal import Postgres

/// What a client may send twice: a body that arrived at a time.
protocol Resendable {
    /// The digest of the body.
    var digest: UUID128 { get }
    /// When it arrived.
    var receivedAt: Timestamp { get }
    /// Whether it is a resend.
    var isResend: Bool { get set }
}

extension NextflowElement: Resendable {
    var digest: UUID128 { event.digest }
    var receivedAt: Timestamp { event.receivedAt }
}

/// Distinguishes a client's automatic resend from a new event: a resend has the same cleaned body within ten minutes
/// of an event that counted. The JDK repeats a POST whose connection dropped before the response. Contract §4.7, §6
/// (3).
enum ResendMarker {
    private static let window = Duration.seconds(600)

    /// Sets `isResend` of every event.
    static func mark<Element: Resendable>(_ elements: inout [Element], on connection: Connection) throws {
        var rest = Array(elements.indices)
        // A round claims the first event of each digest. A digest needs another round only when a batch from a
        // journal that is catching up holds the same body at times more than ten minutes apart.
        while !rest.isEmpty {
            var first: [UUID128: Int] = [:]
            for index in rest {
                let digest = elements[index].digest
                if first[digest] == nil { first[digest] = index }
            }
            let held = try claim(first.values.map { elements[$0] }, on: connection)
            rest = rest.filter { index in
                let (digest, time) = (elements[index].digest, elements[index].receivedAt)
                guard let since = held[digest] else { return false }
                if first[digest] == index {
                    elements[index].isResend = since != time
                    return false
                }
                guard isNear(since, time) else { return true }
                elements[index].isResend = true
                return false
            }
        }
    }

    private static func isNear(_ one: Timestamp, _ other: Timestamp) -> Bool {
        (one > other ? one - other : other - one) <= window
    }

    /// The times with which the digests of `events` are stored now.
    private static func claim(
        _ events: [some Resendable],
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
