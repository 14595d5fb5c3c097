import Testing

@testable import OpenTelemetry

@Suite("Recording spans")
struct RecordingTests {
    /// Contract pipelogiq §4.1.
    @Test(arguments: [
        ("always_on", "0", Sampler.alwaysOn), ("alwayson", "", .alwaysOn), ("ALWAYS_OFF", "1", .alwaysOff),
        ("alwaysoff", "", .alwaysOff), ("traceidratio", "0.25", .ratio(0.25)),
        ("traceidratio", "", .ratio(1)),
        ("traceidratio", "-3", .ratio(0)), ("traceidratio", "7", .ratio(1)),
        ("traceidratio", "nan", .ratio(1)),
        ("", "0.5", .parentBased(0.5)), ("parentbased_always_on", "", .parentBased(1)),
        ("parentbased_traceidratio", "x", .parentBased(1)), ("parentbased_always_off", "", .parentBased(0)),
        ("jaeger_remote", "0.1", .parentBased(0.1)),
    ])
    func `reads the sampler`(name: String, argument: String, expected: Sampler) {
        #expect(Sampler(name: name, argument: argument) == expected)
    }

    @Test func `a ratio takes traces by the last eight bytes of their ids`() throws {
        let low = try #require(TraceID(high: .max, low: 0x3FFF_FFFF_FFFF_FFFF))
        let high = try #require(TraceID(high: 0, low: 0x4000_0000_0000_0000))
        #expect(Sampler.ratio(0.25).takes(low))
        #expect(!Sampler.ratio(0.25).takes(high))
        #expect(Sampler.ratio(1).takes(TraceID(high: 0, low: .max)!))
        #expect(!Sampler.ratio(0).takes(TraceID(high: 1, low: 0)!))
        // What the caller decided counts more.
        let parent = TraceParent(traceID: high, spanID: SpanID(1)!, isSampled: true)
        #expect(Sampler.parentBased(0).takes(high, parent: parent))
        #expect(!Sampler.ratio(0).takes(high, parent: parent))
        let unsampled = TraceParent(traceID: low, spanID: SpanID(1)!, isSampled: false)
        #expect(!Sampler.parentBased(1).takes(low, parent: unsampled))
    }

    @Test func `is off until it is turned on, and drops what does not fit`() throws {
        let recorder = SpanRecorder()
        func record(_ name: String, below parent: TraceParent? = nil) {
            recorder.record(below: parent) { Span(traceID: $0, spanID: $1, name: name, start: 1, end: 2) }
        }
        record("before")
        recorder.turnOn(.alwaysOn, capacity: 2)
        let parent = TraceParent(
            traceID: TraceID(high: 1, low: 2)!,
            spanID: SpanID(3)!,
            isSampled: true
        )
        record("child", below: parent)
        record("root")
        record("too many")
        #expect(recorder.takeDropped() == 1)
        #expect(recorder.takeDropped() == 0)
        let spans = recorder.take(atMost: 1) + recorder.take(atMost: 5)
        #expect(spans.map(\.name) == ["child", "root"])
        #expect(spans[0].traceID == parent.traceID)
        #expect(spans[0].parentID == parent.spanID)
        #expect(spans.map(\.flags) == [0x301, 0x101])
        #expect(spans[1].parentID == nil)
        #expect(recorder.count == 0)
    }
}
