/// A span as OTLP has it, `opentelemetry.proto.trace.v1.Span`. Times are nanoseconds since 1970.
package struct Span: Hashable, Sendable {
    package var traceID: TraceID
    package var spanID: SpanID
    /// The `tracestate` that came with it; empty for none.
    package var traceState = ""
    /// The span that it is part of; nil for a root.
    package var parentID: SpanID?
    /// W3C flags in the lowest byte; bits 8 and 9 say whether the parent is remote.
    package var flags: UInt32 = 0
    package var name: String
    package var kind = Kind.internalWork
    package var start: UInt64
    /// Not before `start`, when Weir made the span.
    package var end: UInt64
    package var attributes: [Attribute] = []
    package var droppedAttributes: UInt32 = 0
    package var events: [Event] = []
    package var droppedEvents: UInt32 = 0
    package var links: [Link] = []
    package var droppedLinks: UInt32 = 0
    package var status = Status()

    /// What a span is to its neighbours; the numbers are OTLP's.
    package enum Kind: Int, Hashable, Sendable {
        case unspecified = 0
        case internalWork = 1
        case server = 2
        case client = 3
        case producer = 4
        case consumer = 5
    }

    /// Something that happened at a moment.
    package struct Event: Hashable, Sendable {
        package var time: UInt64
        package var name: String
        package var attributes: [Attribute]
        package var droppedAttributes: UInt32 = 0

        /// Makes an event.
        package init(time: UInt64, name: String, attributes: [Attribute] = []) {
            self.time = time
            self.name = name
            self.attributes = attributes
        }
    }

    /// Another span that this one has to do with.
    package struct Link: Hashable, Sendable {
        package var traceID: TraceID
        package var spanID: SpanID
        package var traceState = ""
        package var attributes: [Attribute]
        package var droppedAttributes: UInt32 = 0
        package var flags: UInt32 = 0

        /// Makes a link.
        package init(traceID: TraceID, spanID: SpanID, attributes: [Attribute] = []) {
            self.traceID = traceID
            self.spanID = spanID
            self.attributes = attributes
        }
    }

    /// How it ended.
    package struct Status: Hashable, Sendable {
        package var code = Code.unset
        /// Only with `error`.
        package var message = ""

        /// The numbers are OTLP's.
        package enum Code: Int, Hashable, Sendable {
            case unset = 0
            case ok = 1
            case error = 2
        }

        /// Makes a status.
        package init(_ code: Code = .unset, _ message: String = "") {
            self.code = code
            self.message = message
        }
    }

    /// Makes a span; an end before the start, as of a clock that was set back, becomes the start.
    package init(
        traceID: TraceID,
        spanID: SpanID,
        parentID: SpanID? = nil,
        name: String,
        kind: Kind = .internalWork,
        start: UInt64,
        end: UInt64
    ) {
        self.traceID = traceID
        self.spanID = spanID
        self.parentID = parentID
        self.name = name
        self.kind = kind
        self.start = start
        self.end = max(start, end)
    }
}

/// Spans of one resource and one instrumentation scope: what OTLP sends together.
package struct SpanBatch: Hashable, Sendable {
    /// Who the spans are of: `service.name` and the like.
    package var resource: [Attribute]
    package var scope: Scope
    package var spans: [Span]

    /// The code that made the spans.
    package struct Scope: Hashable, Sendable {
        package var name: String
        package var version: String
        package var attributes: [Attribute] = []

        /// Makes a scope.
        package init(name: String = "", version: String = "") {
            self.name = name
            self.version = version
        }
    }

    /// Makes a batch.
    package init(resource: [Attribute], scope: Scope, spans: [Span]) {
        self.resource = resource
        self.scope = scope
        self.spans = spans
    }
}
