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

    @Test func `all who get one event share its bytes`() throws {
        let hub = EventHub(mostListeners: 1, mostBytes: 1 << 20)
        let epoch = try #require(hub.join())
        hub.begin(at: 0)
        let large = frame(1, bytes: 50_000)
        hub.publish([large, frame(2)], through: 2)
        let taken = hub.take(after: 0, EventFilter(), epoch: epoch, atMost: EventListener.pieceBytes)
        guard case .frames(let bytes, 1, 1) = taken else {
            Issue.record("\(text(taken))")
            return
        }
        #expect(bytes.withUnsafeBytes { $0.baseAddress } == large.bytes.withUnsafeBytes { $0.baseAddress })
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
        // What has come is not waited for.
        #expect(await hub.wait(after: 0, EventFilter(), epoch: epoch, until: far) == 0)
        async let due = hub.wait(after: 1, EventFilter(), epoch: epoch, until: far)
        try await eventually { hub.waiting == 1 }
        hub.tick(at: far - .seconds(1))
        #expect(hub.waiting == 1)
        hub.tick(at: far)
        #expect(await due == 1)
    }

    /// More than one group of them: those of the later groups are called, too, and find what came meanwhile.
    @Test func `wakes many group by group, and each finds all that has come`() async throws {
        let hub = EventHub(mostListeners: 100, mostBytes: 10_000)
        let epoch = try #require(hub.join())
        hub.begin(at: 0)
        let far = ContinuousClock.now + .seconds(600)
        let places = await withTaskGroup(of: Int64?.self) { group in
            for _ in 0..<70 {
                group.addTask {
                    _ = await hub.wait(after: 0, EventFilter(), epoch: epoch, until: far)
                    let taken = hub.take(after: 0, EventFilter(), epoch: epoch, atMost: 10_000)
                    guard case .frames(_, _, let place) = taken else { return nil }
                    return place
                }
            }
            while hub.waiting < 70 { await Task.yield() }
            hub.publish([frame(1)], through: 1)
            hub.publish([frame(2)], through: 2)
            return await group.reduce(into: [Int64?]()) { $0.append($1) }
        }
        #expect(places.count == 70)
        #expect(places.allSatisfy { $0 == 1 || $0 == 2 })
        #expect(places.contains(2))
        #expect(hub.waiting == 0)
    }

    /// Events in a database, and what reads them.
    private struct Stream {
        let weir: ProvenanceHarness
        let metrics = ProvenanceMetrics(registry: Registry())
        let hub = EventHub(mostListeners: 10, mostBytes: 1 << 20)
        let follower: Follower
        let archive: EventArchive
        private let connection: DedicatedConnection

        init() throws {
            weir = try ProvenanceHarness(follows: false)
            follower = Follower(
                hub: hub,
                target: weir.database.target,
                metrics: metrics,
                pace: .zero,
                logger: Logger(label: "test")
            )
            archive = EventArchive(pool: weir.pool)
            connection = DedicatedConnection(weir.database.target)
        }

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

        func takeTurn() async throws {
            _ = try await connection.withConnection { [follower] in try follower.takeTurn(on: $0) }
        }

        /// The numbers of what comes until the next comment.
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
    }

    @Test
    func `goes on behind the last event without a gap or a double, from the buffer and from the database`()
        async throws
    {
        let stream = try Stream()
        let clock = Task { await stream.follower.keepTime(.milliseconds(1)) }
        defer { clock.cancel() }
        try stream.write(1...450)
        try await stream.takeTurn()
        do {
            let early = try stream.listener(100)
            let even = try stream.listener(0, EventFilter(project: "p0"))
            let now = try stream.listener(450)
            try await stream.takeTurn()
            #expect(stream.hub.head == 450)
            try stream.write(451...460)
            try await stream.takeTurn()
            #expect(await stream.heard(early) == Array(101...460))
            #expect(await stream.heard(even) == (1...230).map { $0 * 2 })
            #expect(await stream.heard(now) == Array(451...460))
            #expect(stream.metrics.fallenBehind.value == 2)
            #expect(stream.metrics.sent.value == 600)
            #expect(stream.metrics.listeners.value == 3)
        }
        #expect(stream.hub.listeners == 0)
        #expect(stream.metrics.listeners.value == 0)
    }

    @Test func `ends when the places of the database begin anew`() async throws {
        let stream = try Stream()
        try stream.write(1...3)
        try await stream.takeTurn()
        let listener = try stream.listener(3)
        try await stream.takeTurn()
        try stream.weir.execute("UPDATE provenance_feed SET last_position = 1")
        try await stream.takeTurn()
        _ = await listener.next()
        #expect(await listener.next() == nil)
    }
}
