/// The messages of OTLP as their JSON form has them: which member is which field, and how its value is written.
///
/// In one table, so that JSON is read and written by turning it from and into protobuf: a field cannot be known to one
/// of both only. opentelemetry-proto 1.x.
enum OTLPMessage {
    case traceRequest, resourceSpans, scopeSpans, span, event, link, status
    case metricsRequest, resourceMetrics, scopeMetrics, metric
    case gauge, sum, histogram, exponentialHistogram, summary
    case numberPoint, histogramPoint, exponentialPoint, buckets, summaryPoint, quantile, exemplar
    case resource, scope, attribute, value, array, map

    struct Field: Sendable {
        let number: Int
        let name: StaticString
        let type: FieldType
        let isRepeated: Bool

        init(_ number: Int, _ name: StaticString, _ type: FieldType) {
            self.number = number
            self.name = name
            self.type = type
            isRepeated = false
        }

        init(_ number: Int, _ name: StaticString, many type: FieldType) {
            self.number = number
            self.name = name
            self.type = type
            isRepeated = true
        }
    }

    enum FieldType: Sendable {
        case text, bool, double
        case bytes
        /// Bytes that JSON has as hexadecimal digits.
        case id
        /// A number in JSON.
        case uint32, sint32, fixed32
        /// A string of digits in JSON.
        case int64, uint64, fixed64, sfixed64
        /// The names of the numbers 0, 1, 2, …
        case choice([StaticString])
        case message(OTLPMessage)
    }

    /// The fields in the order in which JSON is written.
    var fields: [Field] {
        switch self {
        case .traceRequest, .resourceSpans, .scopeSpans, .span, .event, .link, .status: traceFields
        case .resource, .scope, .attribute, .value, .array, .map: commonFields
        default: metricFields
        }
    }

    private var traceFields: [Field] {
        switch self {
        case .traceRequest: Self.traceRequestFields
        case .resourceSpans: Self.resourceSpansFields
        case .scopeSpans: Self.scopeSpansFields
        case .span: Self.spanFields
        case .event: Self.eventFields
        case .link: Self.linkFields
        default: Self.statusFields
        }
    }

    private var commonFields: [Field] {
        switch self {
        case .resource: Self.resourceFields
        case .scope: Self.scopeFields
        case .attribute: Self.attributeFields
        case .value: Self.valueFields
        case .array: Self.arrayFields
        default: Self.mapFields
        }
    }
}

// MARK: - Traces

extension OTLPMessage {
    private static let traceRequestFields = [Field(1, "resourceSpans", many: .message(.resourceSpans))]

    private static let resourceSpansFields = [
        Field(1, "resource", .message(.resource)),
        Field(2, "scopeSpans", many: .message(.scopeSpans)),
        Field(3, "schemaUrl", .text),
    ]

    private static let scopeSpansFields = [
        Field(1, "scope", .message(.scope)),
        Field(2, "spans", many: .message(.span)),
        Field(3, "schemaUrl", .text),
    ]

    private static let spanFields = [
        Field(1, "traceId", .id),
        Field(2, "spanId", .id),
        Field(3, "traceState", .text),
        Field(4, "parentSpanId", .id),
        Field(5, "name", .text),
        Field(6, "kind", .choice(kinds)),
        Field(7, "startTimeUnixNano", .fixed64),
        Field(8, "endTimeUnixNano", .fixed64),
        Field(9, "attributes", many: .message(.attribute)),
        Field(10, "droppedAttributesCount", .uint32),
        Field(11, "events", many: .message(.event)),
        Field(12, "droppedEventsCount", .uint32),
        Field(13, "links", many: .message(.link)),
        Field(14, "droppedLinksCount", .uint32),
        Field(15, "status", .message(.status)),
        Field(16, "flags", .fixed32),
    ]

    private static let kinds: [StaticString] = [
        "SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT",
        "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
    ]

    private static let eventFields = [
        Field(1, "timeUnixNano", .fixed64),
        Field(2, "name", .text),
        Field(3, "attributes", many: .message(.attribute)),
        Field(4, "droppedAttributesCount", .uint32),
    ]

    private static let linkFields = [
        Field(1, "traceId", .id),
        Field(2, "spanId", .id),
        Field(3, "traceState", .text),
        Field(4, "attributes", many: .message(.attribute)),
        Field(5, "droppedAttributesCount", .uint32),
        Field(6, "flags", .fixed32),
    ]

    private static let statusFields = [
        Field(2, "message", .text),
        Field(3, "code", .choice(["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"])),
    ]
}

// MARK: - What all have

extension OTLPMessage {
    private static let resourceFields = [
        Field(1, "attributes", many: .message(.attribute)),
        Field(2, "droppedAttributesCount", .uint32),
    ]

    private static let scopeFields = [
        Field(1, "name", .text),
        Field(2, "version", .text),
        Field(3, "attributes", many: .message(.attribute)),
        Field(4, "droppedAttributesCount", .uint32),
    ]

    private static let attributeFields = [
        Field(1, "key", .text),
        Field(2, "value", .message(.value)),
    ]

    private static let valueFields = [
        Field(1, "stringValue", .text),
        Field(2, "boolValue", .bool),
        Field(3, "intValue", .int64),
        Field(4, "doubleValue", .double),
        Field(5, "arrayValue", .message(.array)),
        Field(6, "kvlistValue", .message(.map)),
        Field(7, "bytesValue", .bytes),
    ]

    private static let arrayFields = [Field(1, "values", many: .message(.value))]
    private static let mapFields = [Field(1, "values", many: .message(.attribute))]
}
