internal import Core
internal import Postgres
internal import Synchronization

/// Reads events for listeners that are behind the shared buffer, a few at a time: thousands that come back after an hour
/// must not take the connections of those who ask.
final class EventArchive: Sendable {
    /// How many places one read covers, whether the listener wants their events or not.
    static let span: Int64 = 5000
    static let mostEvents = 200
    static let mostBytes = 64 << 10
    private static let parallel = 2

    private let pool: Pool
    private let turns = Turns(EventArchive.parallel)

    init(pool: Pool) { self.pool = pool }

    /// Events behind a place.
    struct Page: Sendable {
        var bytes: [UInt8] = []
        var count = 0
        /// The place of the last event that was looked at.
        var through: Int64
    }

    func read(after position: Int64, _ filter: EventFilter) async throws -> Page {
        await turns.take()
        defer { turns.giveBack() }
        return try await pool.withConnection { connection in
            let end = min(position + Self.span, try PositionStore.last(on: connection))
            var page = Page(through: max(position, end))
            try PositionStore.forEach(
                after: position,
                through: end,
                atMost: Self.mostEvents,
                filter,
                on: connection
            ) { place, event in
                page.bytes += EventFrame.bytes(event)
                page.count += 1
                let isFull = page.count == Self.mostEvents || page.bytes.count >= Self.mostBytes
                if isFull { page.through = place }
                return !isFull
            }
            return page
        }
    }
}

/// An event in the form of server-sent events. WHATWG HTML §9.2.6.
enum EventFrame {
    static func bytes(_ event: ProvenanceEvent) -> [UInt8] {
        Array("id: \(event.id)\nevent: \(event.type)\ndata: ".utf8) + EventEncoder.object(event)
            + Array("\n\n".utf8)
    }
}

/// How many may do something at one time; the others wait in line. Any thread.
private final class Turns: Sendable {
    private struct Guarded {
        var free: Int
        var line: [FirstAnswer<Void>] = []
    }

    // Guards the free turns, and who waits for one.
    private let guarded: Mutex<Guarded>

    init(_ count: Int) { guarded = Mutex(Guarded(free: count)) }

    func take() async {
        let answer = FirstAnswer<Void>()
        let isFree = guarded.withLock { guarded in
            guard guarded.free == 0 else {
                guarded.free -= 1
                return true
            }
            guarded.line.append(answer)
            return false
        }
        if !isFree { await answer.value }
    }

    func giveBack() {
        let next: FirstAnswer<Void>? = guarded.withLock { guarded in
            guard !guarded.line.isEmpty else {
                guarded.free += 1
                return nil
            }
            return guarded.line.removeFirst()
        }
        next?.settle(())
    }
}
