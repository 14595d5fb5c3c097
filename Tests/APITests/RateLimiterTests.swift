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
}
