import Testing

@testable import WeirApp

/// Memory is given back once after each busy time. CPU times are in milliseconds, at the end of intervals of a second.
@Suite struct `Free memory is given back` {
    @Test(arguments: [
        // A start counts as a busy time.
        ([10], [true]), ([500], [false]),
        ([10, 20, 30], [true, false, false]),
        // A tenth of a core is not quiet.
        ([100, 199], [false, true]),
        ([900, 1800, 1810, 1820, 2700, 2710], [false, false, true, false, false, true]),
    ])
    func `once, as soon as a busy time is over`(used: [Int], given: [Bool]) {
        var times = BusyTimes(usedCPU: .zero)
        #expect(used.map { times.endsBusyTime(usedCPU: .milliseconds($0), after: .seconds(1)) } == given)
    }
}
