import Core
import Foundation
import OpenTelemetry

/// What the official definitions wrote: see Fixtures/make.py.
enum OTLPFixture {
    static let trace = TraceID(bytes: Array(1...16))!
    static let span = SpanID(bytes: Array(0xA1...0xA8))!
    static let start: UInt64 = 1_764_400_000_000_000_001

    static func hex(_ name: String) throws -> [UInt8] {
        let text = String(decoding: try bytes("\(name).hex"), as: UTF8.self)
        return Hex.decode(text.filter { !$0.isNewline })!
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
        return Array(try Data(contentsOf: folder.appending(path: name)))
    }

    static let resource = [Attribute("service.name", "märz")]

    static var scope: SpanBatch.Scope {
        var scope = SpanBatch.Scope(name: "weir", version: "1.2")
        scope.attributes = [Attribute("a", .bool(false))]
        return scope
    }

    /// `traces.hex` and `traces.json`.
    static var traces: [SpanBatch] {
        var first = Span(
            traceID: trace,
            spanID: span,
            parentID: SpanID(bytes: Array(0xB1...0xB8)),
            name: "align",
            kind: .consumer,
            start: start,
            end: start + 5
        )
        first.traceState = "v=1"
        first.flags = 0x301
        first.attributes = [
            Attribute("text", ""),
            Attribute("yes", true),
            Attribute("least", .int(.min)),
            Attribute("half", .double(0.5)),
            Attribute("endless", .double(-.infinity)),
            Attribute("bytes", .bytes([0, 0xFF, 0xFE])),
            Attribute("none", .empty),
            Attribute("list", .array(["x", .array([]), .empty])),
            Attribute("map", .map([Attribute("k", .int(3))])),
        ]
        first.droppedAttributes = 1
        first.events = [Span.Event(time: start + 1, name: "e", attributes: [Attribute("n", "1")])]
        first.events[0].droppedAttributes = 2
        first.droppedEvents = 3
        first.links = [Span.Link(traceID: trace, spanID: span, attributes: [Attribute("m", "2")])]
        first.links[0].traceState = "l=2"
        first.links[0].droppedAttributes = 4
        first.links[0].flags = 0x101
        first.droppedLinks = 5
        first.status = Span.Status(.error, "no")
        let second = Span(
            traceID: trace,
            spanID: SpanID(bytes: Array(0xC1...0xC8))!,
            name: String(repeating: "x", count: 200),
            kind: .unspecified,
            start: 0,
            end: 0
        )
        return [
            SpanBatch(resource: resource, scope: scope, spans: [first]),
            SpanBatch(resource: resource, scope: SpanBatch.Scope(), spans: [second]),
        ]
    }

    /// `metrics.hex` and `metrics.json`.
    static var metrics: [MetricBatch] {
        let place = Metric.Place([Attribute("host", "a")], start: start, time: start + 9)
        var exemplar = Metric.Exemplar(time: start, value: .double(1.5), traceID: trace, spanID: span)
        exemplar.attributes = [Attribute("f", "y")]
        var ended = Metric.NumberPoint(Metric.Place(start: start, time: start + 9), nil)
        ended.place.flags = 1
        var call = Metric.NumberPoint(place, .int(-7))
        call.exemplars = [exemplar]
        var took = Metric.HistogramPoint(
            place,
            Metric.Totals(count: 6, sum: 2.25),
            counts: [1, 2, 3],
            bounds: [0.1, 1]
        )
        took.totals.min = 0
        took.totals.max = 9
        took.exemplars = [exemplar]
        var wide = Metric.ExponentialPoint(place, Metric.Totals(count: 9, sum: 4), scale: -3)
        wide.zeroCount = 2
        wide.zeroThreshold = 0.25
        wide.positive = Metric.Buckets(offset: -2, counts: [0, 300, 1])
        wide.negative = Metric.Buckets(counts: [4])
        let old = Metric.SummaryPoint(place, count: 3, sum: 1.5, quantiles: [.init(0.5, 0.25)])
        let metrics = [
            Metric(
                "level",
                description: "d",
                unit: "1",
                .gauge([Metric.NumberPoint(place, .double(-2.5)), ended])
            ),
            Metric("calls", .sum([call], .cumulative, isMonotonic: true)),
            Metric("took", .histogram([took], .delta)),
            Metric("wide", .exponentialHistogram([wide], .cumulative)),
            Metric("old", .summary([old])),
        ]
        return [MetricBatch(resource: resource, scope: scope, metrics: metrics)]
    }
}
