internal import Core

/// Reads the spans of an `ExportTraceServiceRequest`.
struct SpanReading {
    private var reading: OTLPReading
    private var count = 0
    private(set) var rejected = 0

    init(_ limits: OTLPLimits) {
        reading = OTLPReading(limits)
    }

    mutating func batches(_ bytes: [UInt8]) throws(OTLPError) -> [SpanBatch] {
        var batches: [SpanBatch] = []
        for group in try reading.scopes(bytes) {
            let spans = try spans(group.parts)
            guard !spans.isEmpty else { continue }
            batches.append(SpanBatch(resource: group.resource, scope: group.scope, spans: spans))
        }
        return batches
    }

    private mutating func spans(_ parts: [ProtobufReader]) throws(OTLPError) -> [Span] {
        count += parts.count
        guard count <= reading.limits.spans else { throw .tooMany("spans", limit: reading.limits.spans) }
        var spans: [Span] = []
        spans.reserveCapacity(parts.count)
        for part in parts {
            if let span = try span(part) { spans.append(span) } else { rejected += 1 }
        }
        return spans
    }

    /// Nil for a span without a valid id, or with a parent that is none.
    private mutating func span(_ part: ProtobufReader) throws(OTLPError) -> Span? {
        // The ids come first on the wire, but may be anywhere.
        var ids = SpanIDs()
        var part = part
        var scan = part
        while let field = try scan.field() { ids.take(field, part) }
        guard let traceID = ids.trace, let spanID = ids.span, ids.isParentValid else { return nil }
        var span = Span(
            traceID: traceID,
            spanID: spanID,
            parentID: ids.parent,
            name: "",
            kind: .unspecified,
            start: 0,
            end: 0
        )
        while let field = try part.field() {
            switch field.value {
            case .bytes(let range): try take(field.number, part, range, into: &span)
            case .fixed64(let bits):
                if field.number == 7 { span.start = bits } else if field.number == 8 { span.end = bits }
            case .fixed32(let bits): if field.number == 16 { span.flags = bits }
            case .varint(let number): take(field.number, number, into: &span)
            }
        }
        return span
    }

    private func take(_ field: Int, _ number: UInt64, into span: inout Span) {
        switch field {
        case 6: span.kind = Int(exactly: number).flatMap(Span.Kind.init) ?? .unspecified
        case 10: span.droppedAttributes.add(number)
        case 12: span.droppedEvents.add(number)
        case 14: span.droppedLinks.add(number)
        default: break
        }
    }

    private mutating func take(
        _ field: Int,
        _ part: ProtobufReader,
        _ range: Range<Int>,
        into span: inout Span
    ) throws(OTLPError) {
        switch field {
        case 3: span.traceState = reading.text(part, range)
        case 5: span.name = reading.text(part, range)
        case 9:
            try reading.attribute(part, range, to: &span.attributes, dropped: &span.droppedAttributes)
        case 11:
            guard span.events.count < reading.limits.events else { return span.droppedEvents.add(1) }
            span.events.append(try event(part.part(range)))
        case 13:
            guard span.links.count < reading.limits.links, let link = try link(part.part(range)) else {
                return span.droppedLinks.add(1)
            }
            span.links.append(link)
        case 15: span.status = try status(part.part(range))
        default: break
        }
    }

    private mutating func event(_ part: ProtobufReader) throws(OTLPError) -> Span.Event {
        try reading.count()
        var part = part
        var event = Span.Event(time: 0, name: "")
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .fixed64(let time)): event.time = time
            case (2, .bytes(let range)): event.name = reading.text(part, range)
            case (3, .bytes(let range)):
                try reading.attribute(
                    part,
                    range,
                    to: &event.attributes,
                    dropped: &event.droppedAttributes
                )
            case (4, .varint(let number)): event.droppedAttributes.add(number)
            default: break
            }
        }
        return event
    }

    /// Nil for a link without valid ids.
    private mutating func link(_ part: ProtobufReader) throws(OTLPError) -> Span.Link? {
        try reading.count()
        var part = part
        var (trace, span): (TraceID?, SpanID?)
        var (traceState, flags) = ("", UInt32(0))
        var attributes: [Attribute] = []
        var dropped: UInt32 = 0
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): trace = TraceID(bytes: part.bytes[range])
            case (2, .bytes(let range)): span = SpanID(bytes: part.bytes[range])
            case (3, .bytes(let range)): traceState = reading.text(part, range)
            case (4, .bytes(let range)):
                try reading.attribute(part, range, to: &attributes, dropped: &dropped)
            case (5, .varint(let number)): dropped.add(number)
            case (6, .fixed32(let bits)): flags = bits
            default: break
            }
        }
        guard let trace, let span else { return nil }
        var link = Span.Link(traceID: trace, spanID: span, attributes: attributes)
        link.traceState = traceState
        link.droppedAttributes = dropped
        link.flags = flags
        return link
    }

    private func status(_ part: ProtobufReader) throws(OTLPError) -> Span.Status {
        var part = part
        var status = Span.Status()
        while let field = try part.field() {
            switch (field.number, field.value) {
            case (2, .bytes(let range)): status.message = reading.text(part, range)
            case (3, .varint(let number)):
                status.code = Int(exactly: number).flatMap(Span.Status.Code.init) ?? .unset
            default: break
            }
        }
        return status
    }
}

private struct SpanIDs {
    var trace: TraceID?
    var span: SpanID?
    var parent: SpanID?
    var isParentValid = true

    /// Takes one of the fields that have an id. A parent of zeros, as some SDKs send it, is none.
    mutating func take(_ field: ProtobufReader.Field, _ reader: ProtobufReader) {
        guard case .bytes(let range) = field.value else { return }
        switch field.number {
        case 1: trace = TraceID(bytes: reader.bytes[range])
        case 2: span = SpanID(bytes: reader.bytes[range])
        case 4:
            parent = SpanID(bytes: reader.bytes[range])
            isParentValid = range.isEmpty || range.count == 8
        default: break
        }
    }
}

extension UInt32 {
    /// Adds up to the largest number.
    mutating func add(_ number: UInt64) {
        self = UInt32(clamping: UInt64(self) + Swift.min(number, UInt64(UInt32.max)))
    }
}
