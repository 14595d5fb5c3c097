import Testing

@testable import API

@Suite("Rate limiter")
struct RateLimiterTests {
    @Test("a client may send so many requests in any minute; refused ones don't count")
    func rateLimit() {
        let limiter = RateLimiter(2)
        let start = ContinuousClock.now
        let answers = [0, 10, 20, 59, 61, 62, 71].map { limiter.admits("a", at: start + .seconds($0)) }
        #expect(answers == [true, true, false, false, true, false, true])
        #expect(limiter.admits("b", at: start + .seconds(20)))
    }

    @Test("says whether there is room, and counts nothing by that")
    func room() {
        let limiter = RateLimiter(2)
        let start = ContinuousClock.now
        for _ in 0..<3 { #expect(limiter.hasRoom(for: "a", at: start)) }
        #expect(limiter.admits("a", at: start))
        #expect(limiter.hasRoom(for: "a", at: start))
        #expect(limiter.admits("a", at: start + .seconds(10)))
        let answers = [10, 59, 61].map { limiter.hasRoom(for: "a", at: start + .seconds($0)) }
        #expect(answers == [false, false, true])
        #expect(limiter.hasRoom(for: "b", at: start + .seconds(10)))
    }
}
