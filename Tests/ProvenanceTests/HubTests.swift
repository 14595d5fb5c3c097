import Core
import FeatureTestKit
import Logging
import Metrics
import Postgres
import TestKit
import Testing

@testable import Provenance

/// What listeners share, and what each keeps.
@Suite("The live stream", .serialized)
struct HubTests {
    private func frame(_ position: Int64, type: String = "a.b", project: String = "p", bytes: Int = 10)
        -> EventHub.Frame
    {
        let event = ProvenanceEvent(
            id: .random(),
            type: type,
            project: project,
            occurredAt: .epoch,
            receivedAt: .epoch
        )
        let text = "\(position)."
        return .init(
            position: position,
            subject: EventSubject(event),
            bytes: Array((text + String(repeating: "x", count: bytes - text.count)).utf8)
        )
    }

    private func text(_ taken: EventHub.Taken) -> String {
        switch taken {
        case .frames(let bytes, let count, let through):
            "\(count) to \(through): \(String(decoding: bytes, as: UTF8.self).filter { $0 != "x" })"
        case .nothing(let through): "nothing to \(through)"
        case .behind: "behind"
        case .ended: "ended"
        }
    }

    @Test func `keeps the newest events up to a size, and knows who is behind`() throws {
        let hub = EventHub(mostListeners: 1, mostBytes: 35)
        let epoch = try #require(hub.join())
        #expect(hub.join() == nil)
        let all = EventFilter()
        #expect(text(hub.take(after: 5, all, epoch: epoch, atMost: 100)) == "nothing to 5")
        hub.begin(at: 5)
        #expect(text(hub.take(after: 4, all, epoch: epoch, atMost: 100)) == "behind")
        // The database is ahead of the hub for one who has just come.
        #expect(text(hub.take(after: 6, all, epoch: epoch, atMost: 100)) == "nothing to 6")
        hub.publish((6...8).map { frame($0) }, through: 8)
        #expect(text(hub.take(after: 5, all, epoch: epoch, atMost: 100)) == "3 to 8: 6.7.8.")
        #expect(text(hub.take(after: 6, all, epoch: epoch, atMost: 100)) == "2 to 8: 7.8.")
        #expect(text(hub.take(after: 5, all, epoch: epoch, atMost: 20)) == "2 to 7: 6.7.")
        #expect(text(hub.take(after: 5, all, epoch: epoch, atMost: 1)) == "1 to 6: 6.")
        hub.publish([frame(9, type: "c.d", project: "q")], through: 10)
        #expect(hub.bufferedBytes == 30)
        #expect(text(hub.take(after: 5, all, epoch: epoch, atMost: 100)) == "behind")
        #expect(text(hub.take(after: 6, all, epoch: epoch, atMost: 100)) == "3 to 10: 7.8.9.")
        #expect(
            text(hub.take(after: 6, EventFilter(project: "q"), epoch: epoch, atMost: 100)) == "1 to 10: 9."
        )
        #expect(
            text(hub.take(after: 6, EventFilter(types: ["c."]), epoch: epoch, atMost: 100)) == "1 to 10: 9."
        )
        #expect(
            text(hub.take(after: 6, EventFilter(types: ["c"]), epoch: epoch, atMost: 100)) == "nothing to 10"
        )
        // One event that is larger than everything is kept.
        hub.publish([frame(11, bytes: 99)], through: 11)
        #expect(text(hub.take(after: 10, all, epoch: epoch, atMost: 10)) == "1 to 11: 11.")
        hub.end()
        #expect(text(hub.take(after: 10, all, epoch: epoch, atMost: 10)) == "ended")
        hub.leave()
        #expect(!hub.isWatched() && hub.head == nil)
    }

    @Test func `wakes those who want an event, and moves the others on`() async throws {
        let hub = EventHub(mostListeners: 10, mostBytes: 1000)
        let epoch = try #require(hub.join())
        hub.begin(at: 0)
        let far = ContinuousClock.now + .seconds(600)
        async let mine = hub.wait(after: 0, EventFilter(project: "p"), epoch: epoch, until: far)
        let other = Task { await hub.wait(after: 0, EventFilter(project: "q"), epoch: epoch, until: far) }
        try await eventually { hub.waiting == 2 }
        hub.publish([frame(1)], through: 1)
        #expect(await mine == 0)
        try await eventually { hub.waiting == 1 }
        // It has not heard of it, and is not behind when the buffer forgets it.
        other.cancel()
        #expect(await other.value == 1)
        // What is there already is not waited for.
        #expect(await hub.wait(after: 0, EventFilter(), epoch: epoch, until: far) == 0)
        async let due = hub.wait(after: 1, EventFilter(), epoch: epoch, until: far)
        try await eventually { hub.waiting == 1 }
        hub.tick(at: far - .seconds(1))
        #expect(hub.waiting == 1)
        hub.tick(at: far)
        #expect(await due == 1)
    }

    @Test
    func `goes on behind the last event without a gap or a double, from the buffer and from the database`()
        async throws
    {
        let weir = try ProvenanceHarness(follows: false)
        let registry = Registry()
        let metrics = ProvenanceMetrics(registry: registry)
        let hub = EventHub(mostListeners: 10, mostBytes: 1 << 20)
        let follower = Follower(
            hub: hub,
            target: weir.database.target,
            metrics: metrics,
            logger: .init(label: "test")
        )
        let archive = EventArchive(pool: weir.pool)
        func listener(_ position: Int64, _ filter: EventFilter = EventFilter()) throws -> EventListener {
            try #require(
                EventListener(hub, archive, metrics, filter, after: position, heartbeat: .milliseconds(1))
            )
        }
        func write(_ numbers: ClosedRange<Int>) throws {
            try weir.execute(
                """
                WITH e AS (
                    INSERT INTO provenance_events (id, event_type, project_module)
                    SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 'a.b', 'p' || i % 2
                    FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) i
                    RETURNING id
                ) INSERT INTO provenance_unplaced (event_id) SELECT id FROM e ORDER BY id
                """
            )
        }
        /// What comes until the next comment.
        func heard(_ listener: EventListener) async -> [Int] {
            var numbers: [Int] = []
            while let piece = await listener.next() {
                let text = String(decoding: piece, as: UTF8.self)
                if text == ": \n\n" { break }
                for line in text.split(separator: "\n") where line.hasPrefix("id: ") {
                    numbers.append(Int(line.suffix(12)) ?? 0)
                }
            }
            return numbers
        }
        let connection = DedicatedConnection(weir.database.target)
        let clock = Task { await follower.keepTime(.milliseconds(1)) }
        defer {
            connection.close()
            clock.cancel()
        }
        try write(1...450)
        try await connection.withConnection { while try PositionStore.placeSome(on: $0) {} }
        do {
            let (early, even) = (try listener(100), try listener(0, EventFilter(project: "p0")))
            let now = try listener(450)
            _ = try await connection.withConnection { try follower.takeTurn(on: $0) }
            #expect(hub.head == 450)
            try write(451...460)
            _ = try await connection.withConnection { try follower.takeTurn(on: $0) }
            #expect(await heard(early) == Array(101...460))
            #expect(await heard(even) == (1...230).map { $0 * 2 })
            #expect(await heard(now) == Array(451...460))
            #expect(metrics.fallenBehind.value == 2)
            #expect(metrics.sent.value == 600)
            #expect(metrics.listeners.value == 3)
        }
        #expect(hub.listeners == 0)
        #expect(metrics.listeners.value == 0)
    }
}
