import Testing

@testable import Postgres

@Suite struct `Pool state` {
    private let away = PostgresError(kind: .unreachable, message: "away", context: "connect")
    private let start = ContinuousClock.now

    private func leasedSlot(_ decision: PoolState<String>.Decision) -> Int? {
        if case .lease(let slot) = decision { return slot }
        return nil
    }

    private func isRefused(_ decision: PoolState<String>.Decision) -> Bool {
        if case .refuse = decision { return true }
        return false
    }

    @Test func `hands a returned slot to the first who waits`() throws {
        var state = PoolState<String>(limit: 1)
        let slot = try #require(leasedSlot(state.acquisitionAsked(now: start)))
        for name in ["a", "b", "c"] {
            guard case .wait = state.acquisitionAsked(now: start) else {
                Issue.record("a slot too many")
                return
            }
            _ = state.enqueue(name)
        }
        #expect(state.waiterGaveUp(2) == "b")
        #expect(state.waiterGaveUp(2) == nil)
        #expect(state.slotReturned(slot, isOpen: true) == "a")
        #expect(state.leased == [slot])
        #expect(state.slotReturned(slot, isOpen: false) == "c")
        #expect(state.slotReturned(slot, isOpen: true) == nil)
        #expect(state.idle == [slot])
    }

    @Test func `prefers the connection used last, and an open one to a new one`() throws {
        var state = PoolState<String>(limit: 3)
        let first = try #require(leasedSlot(state.acquisitionAsked(now: start)))
        let second = try #require(leasedSlot(state.acquisitionAsked(now: start)))
        _ = state.slotReturned(first, isOpen: true)
        _ = state.slotReturned(second, isOpen: true)
        #expect(leasedSlot(state.acquisitionAsked(now: start)) == second)
        #expect(leasedSlot(state.acquisitionAsked(now: start)) == first)
    }

    @Test func `lets one probe through after each pause, and the pauses grow`() throws {
        var state = PoolState<String>(limit: 4)
        let slot0 = try #require(leasedSlot(state.acquisitionAsked(now: start)))
        #expect(state.connectFailed(away, slot: slot0, now: start).isEmpty)
        _ = state.slotReturned(slot0, isOpen: false)
        #expect(isRefused(state.acquisitionAsked(now: start + .milliseconds(99))))
        let probe = try #require(leasedSlot(state.acquisitionAsked(now: start + .milliseconds(100))))
        #expect(isRefused(state.acquisitionAsked(now: start + .milliseconds(100))))
        _ = state.connectFailed(away, slot: probe, now: start + .milliseconds(100))
        _ = state.slotReturned(probe, isOpen: false)
        #expect(isRefused(state.acquisitionAsked(now: start + .milliseconds(299))))
        let second = try #require(leasedSlot(state.acquisitionAsked(now: start + .milliseconds(300))))
        state.connectionWasReady()
        #expect(leasedSlot(state.acquisitionAsked(now: start + .milliseconds(300))) != nil)
        #expect(state.slotReturned(second, isOpen: true) == nil)
    }

    @Test func `lets another probe through when the first gave up without trying`() throws {
        var state = PoolState<String>(limit: 2)
        let slot0 = try #require(leasedSlot(state.acquisitionAsked(now: start)))
        _ = state.connectFailed(away, slot: slot0, now: start)
        _ = state.slotReturned(slot0, isOpen: false)
        let probe = try #require(leasedSlot(state.acquisitionAsked(now: start + .seconds(1))))
        _ = state.slotReturned(probe, isOpen: false)
        #expect(leasedSlot(state.acquisitionAsked(now: start + .seconds(1))) != nil)
    }

    @Test func `fails all waiters at once when the server is away, but not when it is merely full`() throws {
        var state = PoolState<String>(limit: 1)
        let slot0 = try #require(leasedSlot(state.acquisitionAsked(now: start)))
        _ = state.enqueue("a")
        _ = state.enqueue("b")
        let full = PostgresError(
            kind: .tooManyConnections,
            sqlState: "53300",
            message: "full",
            context: "connect"
        )
        #expect(state.connectFailed(full, slot: slot0, now: start).isEmpty)
        #expect(state.connectFailed(away, slot: slot0, now: start) == ["a", "b"])
        #expect(state.waiting.isEmpty)
    }

    @Test func `keeps the pause of several failures that set out together`() throws {
        var state = PoolState<String>(limit: 8)
        let slots = (0..<8).compactMap { _ in leasedSlot(state.acquisitionAsked(now: start)) }
        for slot in slots {
            _ = state.connectFailed(away, slot: slot, now: start)
            _ = state.slotReturned(slot, isOpen: false)
        }
        #expect(leasedSlot(state.acquisitionAsked(now: start + .milliseconds(100))) != nil)
    }
}

@Suite struct `Statement cache` {
    @Test func `lets the least recently used go`() {
        var cache = StatementCache(capacity: 2, prefix: "weir")
        #expect(cache.evict() == nil)
        cache.insert("a", name: "1")
        cache.insert("b", name: "2")
        #expect(cache.name(for: "a") == "1")
        #expect(cache.evict() == "2")
        cache.insert("c", name: "3")
        #expect(cache.name(for: "b") == nil)
        #expect(cache.count == 2)
    }
}

@Suite struct `SQL script` {
    @Test(
        arguments: [
            ("", []),
            ("SELECT 1", ["SELECT 1"]),
            ("a; b;\n-- c;\n ;", ["a", "b"]),
            ("SELECT ';', \"a;b\"; b", ["SELECT ';', \"a;b\"", "b"]),
            ("SELECT 'it''s;'; b", ["SELECT 'it''s;'", "b"]),
            (#"SELECT E'\';'; b"#, [#"SELECT E'\';'"#, "b"]),
            ("DO $$ a; b; $$; c", ["DO $$ a; b; $$", "c"]),
            ("DO $x$ a; $$; $x$; c", ["DO $x$ a; $$; $x$", "c"]),
            ("SELECT a$b; c", ["SELECT a$b", "c"]),
            ("SELECT $1; c", ["SELECT $1", "c"]),
            ("/* a; /* b; */ ; */ c; d", ["/* a; /* b; */ ; */ c", "d"]),
        ] as [(String, [String])]
    )
    func `is taken apart at its semicolons`(_ script: String, _ statements: [String]) {
        let found = SQLScript.statements(of: script).map { statement in
            String(statement.drop { $0.isWhitespace })
        }
        #expect(found == statements)
    }
}
