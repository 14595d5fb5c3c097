import Testing

@testable import WeirApp

@Suite struct `Open files` {
    @Test(arguments: [
        (10_000, 65_536, 10_000), (10_000, 10_137, 10_000), (10_000, 10_136, 9_999), (10_000, 1024, 887),
        (10_000, 100, 1), (50, 1024, 50),
    ])
    func `leave the journal and the pool what they need`(wanted: Int, limit: Int, expected: Int) {
        #expect(ProcessDescriptors.connections(wanted: wanted, limit: limit, others: 9) == expected)
    }

    @Test func `are as many as the system allows`() throws {
        let limit = try #require(ProcessDescriptors.raiseLimit())
        #expect(limit >= 1024)
        #expect(ProcessDescriptors.raiseLimit() == limit)
        #expect(ProcessDescriptors.connections(wanted: 10_000, limit: nil, others: 9) == 10_000)
    }
}
