import Core
import OpenTelemetry
import Testing

@testable import Pipelines

@Suite("Ranges and buckets")
struct InsightRangeTests {
    @Test func `are read from words`() {
        let words = ["15m", " 1h ", "6H", "24h", "24H", "1d", "7D", "2h", "", "h1"]
        let minutes = words.map { InsightRange(reading: $0)?.minutes }
        #expect(minutes == [15, 60, 360, 1440, 1440, 1440, 10_080, nil, nil, nil])
        #expect(InsightRange(reading: nil) == nil)
    }

    @Test func `are aligned to the epoch`() {
        let now = Timestamp(microseconds: 1_000_007_000_000)
        let counts = InsightRange.allCases.map { $0.buckets(at: now).count }
        #expect(counts == [15, 30, 24, 24, 28])
        let buckets = InsightRange.quarter.buckets(at: now)
        #expect(buckets.start == Timestamp(microseconds: 999_120_000_000))
        #expect(buckets.end == Timestamp(microseconds: 1_000_020_000_000))
    }
}

@Suite("The trace of a pipeline")
struct PipelineTraceTests {
    private static let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    private static let item = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"

    private func trace(_ body: String? = nil, _ items: [String] = [], _ header: [String] = [])
        -> PipelineTrace
    {
        PipelineTrace(body: body, sent: SentTrace(fields: items, header: header, states: ["a=1"]))
    }

    @Test func `is the body's, the context item's, the header's, or a new one`() {
        let sent = "ABCDEF00000000000000000000000001"
        #expect(trace(sent, [Self.item], [Self.header]).shown == sent)
        #expect("\(trace(sent).id)" == "abcdef00000000000000000000000001")
        #expect(trace(sent, [Self.item], [Self.header]).parent == nil)
        #expect(trace(nil, [Self.item], [Self.header]).shown == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(trace(nil, ["bad", Self.item]).isSampled == false)
        #expect(trace(nil, [Self.item], [Self.header]).state == nil)
        let own = trace(nil, [], [Self.header])
        #expect(own.shown == "0af7651916cd43dd8448eb211c80319c")
        #expect(own.parent.map { "\($0)" } == "b7ad6b7169203331")
        #expect(own.state?.header == "a=1")
        #expect(trace().shown.count == 32)
        #expect(trace().parent == nil)
    }

    @Test func `keeps other words for links, beside an id that was made`() {
        let trace = trace("order-17")
        #expect(trace.shown == "order-17")
        #expect("\(trace.id)".count == 32)
    }

    @Test func `takes the parent of the same trace`() {
        let trace = trace("0AF7651916CD43DD8448EB211C80319C", [], [Self.header])
        #expect(trace.parent.map { "\($0)" } == "b7ad6b7169203331")
    }

    @Test func `ignores a header that is not valid, and two of them`() {
        let bad = [
            Self.header.uppercased(), "ff" + Self.header.dropFirst(2), Self.header + "-00",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        ]
        for header in bad { #expect(trace(nil, [], [header]).parent == nil, "\(header)") }
        #expect(trace(nil, [], [Self.header, Self.header]).parent == nil)
        #expect(trace(nil, [], ["01" + Self.header.dropFirst(2) + "-00"]).parent != nil)
    }
}

@Suite("What a worker is taken for")
struct WorkerStateTests {
    @Test func `is offline after its silence, unless it has stopped`() {
        let seen = Timestamp(microseconds: 0)
        func state(_ state: WorkerState, after seconds: Int) -> WorkerState {
            state.effective(lastSeen: seen, now: seen.adding(seconds: seconds), offlineAfter: .seconds(45))
        }
        #expect(state(.ready, after: 45) == .ready)
        #expect(state(.ready, after: 46) == .offline)
        #expect(state(.stopped, after: 4600) == .stopped)
    }

    @Test func `levels of events are read kindly`() {
        let levels = ["trace", "Warning", "WARN", "error", "loud", ""].map {
            WorkerEventLevel(reading: $0).rawValue
        }
        #expect(levels == ["TRACE", "WARN", "WARN", "ERROR", "INFO", "INFO"])
    }
}
