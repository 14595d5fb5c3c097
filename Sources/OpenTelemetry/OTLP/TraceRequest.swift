internal import Core

/// What sends spans: `ExportTraceServiceRequest`, in protobuf and JSON. OTLP 1.x, opentelemetry-proto.
package enum TraceRequest {
    /// The spans of a request.
    package struct Decoded: Hashable, Sendable {
        /// In their order; none is empty.
        package var batches: [SpanBatch]
        /// How many spans had no valid id, or a parent id that is none: for `partial_success`.
        package var rejected: Int
        /// What was wrong with them; empty if none was rejected.
        package var message: String {
            rejected == 0
                ? "" : "spans need a trace id of 16 bytes, a span id and a parent id of 8, not all zero"
        }
    }

    /// Writes protobuf; batches of the same resource share a `ResourceSpans`.
    package static func encode(_ batches: [SpanBatch]) -> [UInt8] {
        ProtobufWriter.request(batches, \.resource, \.scope) { scope, batch in
            for span in batch.spans { scope.field(2) { $0.span(span) } }
        }
    }

    /// Reads protobuf. Unknown fields are ignored.
    package static func decode(
        protobuf bytes: [UInt8],
        limits: OTLPLimits = OTLPLimits()
    ) throws(OTLPError) -> Decoded {
        var reading = SpanReading(limits)
        let batches = try reading.batches(bytes)
        return Decoded(batches: batches, rejected: reading.rejected)
    }

    /// Reads OTLP/JSON: ids are hexadecimal digits of either case, 64-bit integers are strings or numbers, enumerations
    /// are numbers or names; unknown members are ignored.
    package static func decode(
        json bytes: [UInt8],
        limits: OTLPLimits = OTLPLimits()
    ) throws(OTLPError) -> Decoded {
        try decode(protobuf: OTLPJSON.protobuf(bytes, .traceRequest, limits: limits), limits: limits)
    }

    /// Writes OTLP/JSON.
    package static func json(_ batches: [SpanBatch]) -> [UInt8] {
        OTLPJSON.json(encode(batches), .traceRequest)
    }
}

extension ProtobufWriter {
    fileprivate mutating func span(_ span: Span) {
        id(1, span.traceID)
        id(2, span.spanID)
        text(3, span.traceState)
        if let parent = span.parentID { id(4, parent) }
        text(5, span.name)
        count(6, UInt32(span.kind.rawValue))
        fixed(7, span.start)
        fixed(8, span.end)
        attributes(9, span.attributes)
        count(10, span.droppedAttributes)
        for event in span.events { field(11) { $0.event(event) } }
        count(12, span.droppedEvents)
        for link in span.links { field(13) { $0.link(link) } }
        count(14, span.droppedLinks)
        if span.status != Span.Status() {
            field(15) { status in
                status.text(2, span.status.message)
                status.count(3, UInt32(span.status.code.rawValue))
            }
        }
        if span.flags != 0 { field(16, bits32: span.flags) }
    }

    private mutating func event(_ event: Span.Event) {
        fixed(1, event.time)
        text(2, event.name)
        attributes(3, event.attributes)
        count(4, event.droppedAttributes)
    }

    private mutating func link(_ link: Span.Link) {
        id(1, link.traceID)
        id(2, link.spanID)
        text(3, link.traceState)
        attributes(4, link.attributes)
        count(5, link.droppedAttributes)
        if link.flags != 0 { field(6, bits32: link.flags) }
    }

    mutating func id(_ number: Int, _ trace: TraceID) {
        field(number, bytes: trace.bytes)
    }

    mutating func id(_ number: Int, _ span: SpanID) {
        field(number, bytes: span.bytes)
    }
}
