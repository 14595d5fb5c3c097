import Core
import Testing

@testable import Workers

@Suite struct `What is remembered of reports` {
    private static let component = Component(key: ComponentKey(type: .workerPool, name: "w"), id: 7)

    private static func report(_ bytes: Int) -> WrittenReports.Report {
        let report = MetricReport(runtimeID: nil, componentName: "w", componentType: nil, metrics: [])
        return WrittenReports.Report(
            component: component,
            report: report,
            ids: [1],
            dropped: [],
            bytes: bytes
        )
    }

    @Test func `is given to the loader once`() {
        let reports = WrittenReports()
        reports.keep(Self.report(10), of: 5)
        #expect(reports.take(4) == nil)
        #expect(reports.take(5)?.ids == [1])
        #expect(reports.take(5) == nil)
    }

    @Test func `is not kept for a line that the loader has passed`() {
        let reports = WrittenReports()
        _ = reports.take(6)
        reports.keep(Self.report(10), of: 5)
        #expect(reports.take(5) == nil)
    }

    @Test func `takes eight megabytes at most, and makes room for new ones when old ones are passed`() {
        let reports = WrittenReports()
        reports.keep(Self.report(8 << 20), of: 1)
        reports.keep(Self.report(1), of: 2)
        #expect(reports.take(3) == nil)
        reports.keep(Self.report(1), of: 4)
        #expect(reports.take(2) == nil)
        #expect(reports.take(1) == nil)
        #expect(reports.take(4) != nil)
    }

    @Test func `of large metrics is bounded by its bytes`() throws {
        let identities = MetricIdentities()
        let value = String(repeating: "v", count: 4096)
        for number in 0..<20_000 {
            let json = try JSONDocument(Array(#"{"n":"m\#(number)"}"#.utf8))
            let labels = LabelSet([("a", value), ("b", value)])
            let identity = MetricIdentity(name: "m", type: .gauge, labels: labels, help: nil, unit: nil)
            identities.insert(identity, MetricIdentities.Key(json.root["n"], nil))
            #expect(identities.size.bytes <= 32 << 20)
        }
        #expect(identities.size.count > 0 && identities.size.count < 4200)
    }
}
