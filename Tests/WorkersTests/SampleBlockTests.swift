import Core
import Testing

@testable import Workers

@Suite struct `Blocks of samples` {
    private static let noon = Timestamp.epoch.adding(seconds: 20_000 * 86_400 + 43_200)

    private static func sample(_ seconds: Int64) -> Sample {
        let component = ComponentKey(type: .workerPool, name: "w")
        let series = Series(of: component, "m", .gauge, .none, help: nil, unit: nil)
        return Sample(series: series, at: noon.adding(seconds: Int(seconds)), value: 1)
    }

    @Test func `that are cut at an hour keep the ids of their portion`() {
        // 1,000 samples, every other one two hours later, and then 500 of one moment.
        let samples =
            (0..<1000).map { Self.sample($0 % 2 == 0 ? 0 : 7200) } + (0..<500).map { _ in Self.sample(9) }
        let blocks = SampleBlock.blocks(samples, ids: [100, 7000])
        #expect(blocks.map(\.metricID) == [100, 600, 7000])
        #expect(blocks.map(\.samples.count) == [500, 500, 500])
    }
}
