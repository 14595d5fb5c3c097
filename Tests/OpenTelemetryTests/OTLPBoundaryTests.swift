import Core
import Testing

@testable import OpenTelemetry

/// What is just allowed, and what is just not any more.
@Suite("Limits of OTLP")
struct OTLPBoundaryTests {
    private static func span(_ attributes: [Attribute] = []) -> Span {
        var span = Span(traceID: OTLPFixture.trace, spanID: OTLPFixture.span, name: "n", start: 1, end: 2)
        span.attributes = attributes
        return span
    }

    private static func limits(_ change: (inout OTLPLimits) -> Void) -> OTLPLimits {
        var limits = OTLPLimits()
        change(&limits)
        return limits
    }

    /// How many spans are read, or nil when the request is refused.
    private static func read(_ spans: [Span], _ limits: OTLPLimits) -> [Span]? {
        let message = TraceRequest.encode([SpanBatch(resource: [], scope: .init(), spans: spans)])
        return try? TraceRequest.decode(protobuf: message, limits: limits).batches.flatMap(\.spans)
    }

    private static func read(_ content: Metric.Content, _ limits: OTLPLimits) -> Metric.Content? {
        let batch = MetricBatch(resource: [], scope: .init(), metrics: [Metric("m", content)])
        return try? MetricsRequest.decode(protobuf: MetricsRequest.encode([batch]), limits: limits)[0]
            .metrics[0].data
    }

    @Test func `of spans and values are reached`() {
        let two = [Self.span(), Self.span()]
        #expect(Self.read(two, Self.limits { $0.spans = 2 })?.count == 2)
        #expect(Self.read(two, Self.limits { $0.spans = 1 }) == nil)
        // A part of a resource, one of a scope, a span, an attribute and its value.
        let one = [Self.span([Attribute("k", "v")])]
        #expect(Self.read(one, Self.limits { $0.values = 5 })?.count == 1)
        #expect(Self.read(one, Self.limits { $0.values = 4 }) == nil)
    }

    @Test func `of events and links are reached, and what is beyond is counted`() throws {
        var span = Self.span()
        span.events = [.init(time: 1, name: "a"), .init(time: 2, name: "b")]
        span.links = [.init(traceID: OTLPFixture.trace, spanID: OTLPFixture.span)]
        span.links.append(span.links[0])
        let whole = try #require(Self.read([span], Self.limits { ($0.events, $0.links) = (2, 2) })?.first)
        #expect(whole == span)
        let cut = try #require(Self.read([span], Self.limits { ($0.events, $0.links) = (1, 1) })?.first)
        #expect(cut.events.count == 1 && cut.droppedEvents == 1)
        #expect(cut.links.count == 1 && cut.droppedLinks == 1)
    }

    @Test func `of metrics are reached`() throws {
        let number = Metric.NumberPoint(Metric.Place(time: 1), .int(1))
        let gauge = Metric.Content.gauge([number, number])
        #expect(Self.read(gauge, Self.limits { $0.dataPoints = 2 }) == gauge)
        #expect(Self.read(gauge, Self.limits { $0.dataPoints = 1 }) == nil)
        let point = Metric.HistogramPoint(Metric.Place(), .init(count: 3), counts: [1, 2], bounds: [1])
        let histogram = Metric.Content.histogram([point], .cumulative)
        #expect(Self.read(histogram, Self.limits { $0.buckets = 2 }) == histogram)
        #expect(Self.read(histogram, Self.limits { $0.buckets = 1 }) == nil)
        // A part of a resource, one of a scope, a metric; two counts and a bound.
        #expect(Self.read(histogram, Self.limits { $0.values = 6 }) == histogram)
        #expect(Self.read(histogram, Self.limits { $0.values = 5 }) == nil)
        var observed = number
        observed.exemplars = [.init(time: 1, value: .int(1)), .init(time: 2, value: .int(2))]
        guard case .gauge(let points) = Self.read(.gauge([observed]), Self.limits { $0.events = 1 }) else {
            Issue.record("no gauge")
            return
        }
        #expect(points[0].exemplars.map(\.time) == [1])
    }

    @Test func `exponential histograms below zero come back as they were`() {
        var point = Metric.ExponentialPoint(Metric.Place(), .init(count: 1), scale: -3)
        point.negative = Metric.Buckets(offset: -5, counts: [1])
        point.zeroThreshold = 0.5
        let content = Metric.Content.exponentialHistogram([point], .delta)
        #expect(Self.read(content, OTLPLimits()) == content)
    }

    /// Numbers that no writer of ours writes.
    @Test func `any number but 0 is true, and every NaN is one`() throws {
        let values = [
            ProtobufWriter.message { $0.field(2, integer: 2) },
            ProtobufWriter.message { $0.field(4, bits: 0xFFF8_0000_0000_0001) },
        ]
        let attributes = try values.map { value in
            let span = ProtobufWriter.message { span in
                span.field(1, bytes: OTLPFixture.trace.bytes)
                span.field(2, bytes: OTLPFixture.span.bytes)
                span.field(9) { $0.field(2, bytes: value) }
            }
            let request = ProtobufWriter.message { request in
                request.field(1) { $0.field(2) { $0.field(2, bytes: span) } }
            }
            return try TraceRequest.decode(protobuf: request).batches[0].spans[0].attributes[0].value
        }
        #expect(attributes[0] == .bool(true))
        guard case .double(let number) = attributes[1] else {
            Issue.record("no double")
            return
        }
        #expect(number.bitPattern == Double.nan.bitPattern)
    }

    @Test func `a frame may be as long as its limit`() throws {
        let frame = GRPCFrame.encode([1, 2, 3])
        #expect(try GRPCFrame.decode(frame, limit: 3).map(\.bytes) == [[1, 2, 3]])
    }

    @Test(arguments: [(-1, 0, false), (31_536_000, 0, true), (31_536_001, 0, false), (1, -1, false)])
    func `a delay is of a year at most`(seconds: Int64, nanoseconds: Int64, isRead: Bool) throws {
        let status = ProtobufWriter.message { status in
            status.field(1, integer: 14)
            status.field(3) { detail in
                detail.field(1, "type.googleapis.com/google.rpc.RetryInfo")
                detail.field(2) { info in
                    info.field(1) { delay in
                        delay.field(1, integer: seconds)
                        delay.field(2, integer: nanoseconds)
                    }
                }
            }
        }
        let delay = try RPCStatus.decode(protobuf: status).retryDelay
        #expect((delay != nil) == isRead)
    }

    @Test func `a delay has as many digits as it needs`() {
        let texts = [Duration.seconds(2), .milliseconds(1500), .nanoseconds(1_000_000_001)].map { delay in
            String(decoding: RPCStatus(.unavailable, "", retryDelay: delay).json(), as: UTF8.self)
        }
        #expect(texts.map { $0.contains(#""2s""#) } == [true, false, false])
        #expect(texts[1].contains(#""1.500s""#))
        #expect(texts[2].contains(#""1.000000001s""#))
    }
}
