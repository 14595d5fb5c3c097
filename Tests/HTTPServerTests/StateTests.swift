import HTTP
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct `Connection state` {
    @Test func `a whole exchange leads to the next request`() {
        var state = ConnectionState()
        state.headBegan()
        state.headEnded()
        #expect(state.owesAnswer(1))
        #expect(state.bodyEnded() == .wait)
        #expect(!state.acceptsInput)
        #expect(state.answerEnded() == .nextRequest)
        #expect(state.input == .idle)
        #expect(!state.owesAnswer(1))
    }

    @Test func `an early answer waits for the rest of the body`() {
        var state = ConnectionState()
        state.headEnded()
        state.held(.window)
        #expect(!state.acceptsInput)
        #expect(state.answerEnded() == .wait)
        #expect(state.input == .discarding)
        #expect(state.acceptsInput)
        #expect(state.bodyEnded() == .nextRequest)
    }

    @Test(arguments: [true, false])
    func `the last answer closes, lingering unless the client has ended its side`(hasEnded: Bool) {
        var state = ConnectionState()
        state.headEnded()
        _ = state.bodyEnded()
        if hasEnded { _ = state.peerEnded() }
        state.answerIsLast()
        #expect(state.answerEnded() == .close(lingering: !hasEnded))
        #expect(state.input == .over)
    }

    @Test func `a client's end cuts a request in two or waits for the answer`() {
        var cut = ConnectionState()
        cut.headEnded()
        #expect(cut.peerEnded() == .abort)
        var whole = ConnectionState()
        whole.headEnded()
        _ = whole.bodyEnded()
        #expect(whole.peerEnded() == .wait)
        var idle = ConnectionState()
        #expect(idle.peerEnded() == .close(lingering: false))
    }
}

@Suite struct `Body budget` {
    @Test func `what fits is given at once and comes back`() {
        let budget = BodyBudget(limit: 100)
        #expect(budget.reserve(60, holding: 0) {})
        #expect(budget.reserve(40, holding: 0) {})
        budget.release(60)
        #expect(budget.used == 40)
    }

    @Test func `those who wait get it in order`() {
        let budget = BodyBudget(limit: 100)
        let log = Log()
        #expect(budget.reserve(100, holding: 0) {})
        #expect(!budget.reserve(80, holding: 0) { log.add("first") })
        #expect(!budget.reserve(10, holding: 0) { log.add("second") })
        #expect(!budget.reserve(20, holding: 0) { log.add("third") })
        budget.release(100)
        #expect(log.lines == ["first", "second"])
        budget.release(80)
        #expect(log.lines == ["first", "second", "third"])
        #expect(budget.used == 30)
    }

    @Test func `more than everything is given when nobody else holds any`() {
        let budget = BodyBudget(limit: 100)
        let log = Log()
        #expect(!budget.reserve(1000, holding: 0) { log.add("large") })
        #expect(log.lines == ["large"])
        #expect(budget.used == 1000)
    }

    @Test func `large bodies leave a quarter to small ones`() {
        let mebibyte = 1 << 20
        let budget = BodyBudget(limit: 4 * mebibyte)
        let log = Log()
        #expect(budget.reserve(3 * mebibyte, holding: 0) {})
        #expect(!budget.reserve(mebibyte, holding: 0) { log.add("large") })
        #expect(!budget.reserve(mebibyte / 8, holding: mebibyte / 4) { log.add("grown large") })
        for _ in 0..<4 { #expect(budget.reserve(mebibyte / 4, holding: 0) {}) }
        #expect(!budget.reserve(1, holding: 0) { log.add("small") })
        budget.release(mebibyte / 4)
        #expect(log.lines == ["small"])
        budget.release(3 * mebibyte)
        #expect(log.lines == ["small", "large", "grown large"])
    }

    @Test func `answers that nobody takes leave no room to large bodies, nor to more of them`() {
        let mebibyte = 1 << 20
        let budget = BodyBudget(limit: 8 * mebibyte)
        let log = Log()
        #expect(budget.hold(answer: 5 * mebibyte, mayWait: true))
        #expect(!budget.hold(answer: 2 * mebibyte, mayWait: true))
        #expect(!budget.reserve(2 * mebibyte, holding: 0) { log.add("body") })
        // What was written must be answered.
        #expect(budget.hold(answer: 2 * mebibyte, mayWait: false))
        #expect(budget.used == 7 * mebibyte)
        budget.answerGone(5 * mebibyte)
        #expect(log.lines == ["body"])
        budget.answerGone(2 * mebibyte)
        budget.release(2 * mebibyte)
        #expect(budget.used == 0)
        // One larger than everything is given alone.
        #expect(budget.hold(answer: 20 * mebibyte, mayWait: true))
    }

    @Test func `holders who wait for each other do not wait for ever`() {
        let budget = BodyBudget(limit: 100)
        let log = Log()
        #expect(budget.reserve(50, holding: 0) {})
        #expect(budget.reserve(50, holding: 0) {})
        #expect(!budget.reserve(50, holding: 50) { log.add("a") })
        #expect(log.lines.isEmpty)
        #expect(!budget.reserve(50, holding: 50) { log.add("b") })
        #expect(log.lines == ["a"])
        budget.release(100)
        #expect(log.lines == ["a", "b"])
    }

    @Test func `of large holders who wait for each other only one grows beyond the limit`() {
        let mebibyte = 1 << 20
        let budget = BodyBudget(limit: 4 * mebibyte)
        let log = Log()
        for _ in 0..<3 { #expect(budget.reserve(mebibyte, holding: 0) {}) }
        #expect(!budget.reserve(mebibyte, holding: mebibyte) { log.add("a") })
        #expect(!budget.reserve(mebibyte, holding: mebibyte) { log.add("b") })
        #expect(!budget.reserve(mebibyte, holding: mebibyte) { log.add("c") })
        #expect(log.lines == ["a"])
        #expect(!budget.reserve(2 * mebibyte, holding: 2 * mebibyte) { log.add("a again") })
        #expect(log.lines == ["a", "a again"])
        // Small bodies have their quarter even then.
        #expect(budget.reserve(1000, holding: 0) {})
        budget.release(4 * mebibyte)
        #expect(log.lines == ["a", "a again", "b"])
    }
}

@Suite struct `Request body channel` {
    @Test func `bytes come out as they went in and the producer is resumed`() async throws {
        let resumed = Counter()
        let channel = BodyChannel(window: 4) { _ = resumed.increment() }
        #expect(channel.push([1, 2]))
        #expect(!channel.push([3, 4]))
        #expect(try await channel.next() == [1, 2, 3, 4])
        #expect(resumed.value == 1)
        #expect(channel.push([5]))
        channel.finish(trailers: ["T": "v"])
        #expect(try await channel.next() == [5])
        #expect(try await channel.next() == nil)
        #expect(channel.trailers["T"] == "v")
    }

    @Test func `a cancelled reader is woken`() async {
        let channel = BodyChannel(window: 4) {}
        let task = Task { () -> RequestBodyError? in
            do throws(RequestBodyError) {
                _ = try await channel.next()
                return nil
            } catch {
                return error
            }
        }
        task.cancel()
        #expect(await task.value == .cancelled)
    }
}

@Suite struct `Request identifiers` {
    @Test func `minted ids differ and count up`() {
        var identifiers = RequestIdentifiers()
        let ids = (0..<1000).map { _ in identifiers.next(given: nil) }
        #expect(Set(ids).count == 1000)
        #expect(ids == ids.sorted())
        #expect(ids.allSatisfy { $0.utf8.count == 15 })
    }
}
