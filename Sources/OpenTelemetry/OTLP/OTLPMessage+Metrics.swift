extension OTLPMessage {
    var metricFields: [Field] {
        switch self {
        case .metricsRequest: Self.metricsRequestFields
        case .resourceMetrics: Self.resourceMetricsFields
        case .scopeMetrics: Self.scopeMetricsFields
        case .metric: Self.metricFields
        case .gauge: [Field(1, "dataPoints", many: .message(.numberPoint))]
        case .sum: Self.sumFields
        case .histogram: Self.histogramFields(.histogramPoint)
        case .exponentialHistogram: Self.histogramFields(.exponentialPoint)
        case .summary: [Field(1, "dataPoints", many: .message(.summaryPoint))]
        case .numberPoint: Self.numberPointFields
        case .histogramPoint: Self.histogramPointFields
        case .exponentialPoint: Self.exponentialPointFields
        case .buckets: Self.bucketsFields
        case .summaryPoint: Self.summaryPointFields
        case .quantile: [Field(1, "quantile", .double), Field(2, "value", .double)]
        default: Self.exemplarFields
        }
    }

    private static let metricsRequestFields = [Field(1, "resourceMetrics", many: .message(.resourceMetrics))]

    private static let resourceMetricsFields = [
        Field(1, "resource", .message(.resource)),
        Field(2, "scopeMetrics", many: .message(.scopeMetrics)),
        Field(3, "schemaUrl", .text),
    ]

    private static let scopeMetricsFields = [
        Field(1, "scope", .message(.scope)),
        Field(2, "metrics", many: .message(.metric)),
        Field(3, "schemaUrl", .text),
    ]

    private static let metricFields = [
        Field(1, "name", .text),
        Field(2, "description", .text),
        Field(3, "unit", .text),
        Field(5, "gauge", .message(.gauge)),
        Field(7, "sum", .message(.sum)),
        Field(9, "histogram", .message(.histogram)),
        Field(10, "exponentialHistogram", .message(.exponentialHistogram)),
        Field(11, "summary", .message(.summary)),
    ]

    private static let temporalities: [StaticString] = [
        "AGGREGATION_TEMPORALITY_UNSPECIFIED", "AGGREGATION_TEMPORALITY_DELTA",
        "AGGREGATION_TEMPORALITY_CUMULATIVE",
    ]

    private static let sumFields = [
        Field(1, "dataPoints", many: .message(.numberPoint)),
        Field(2, "aggregationTemporality", .choice(temporalities)),
        Field(3, "isMonotonic", .bool),
    ]

    private static func histogramFields(_ point: OTLPMessage) -> [Field] {
        [
            Field(1, "dataPoints", many: .message(point)),
            Field(2, "aggregationTemporality", .choice(temporalities)),
        ]
    }

    private static let numberPointFields = [
        Field(2, "startTimeUnixNano", .fixed64),
        Field(3, "timeUnixNano", .fixed64),
        Field(4, "asDouble", .double),
        Field(5, "exemplars", many: .message(.exemplar)),
        Field(6, "asInt", .sfixed64),
        Field(7, "attributes", many: .message(.attribute)),
        Field(8, "flags", .uint32),
    ]

    private static let histogramPointFields = [
        Field(2, "startTimeUnixNano", .fixed64),
        Field(3, "timeUnixNano", .fixed64),
        Field(4, "count", .fixed64),
        Field(5, "sum", .double),
        Field(6, "bucketCounts", many: .fixed64),
        Field(7, "explicitBounds", many: .double),
        Field(8, "exemplars", many: .message(.exemplar)),
        Field(9, "attributes", many: .message(.attribute)),
        Field(10, "flags", .uint32),
        Field(11, "min", .double),
        Field(12, "max", .double),
    ]

    private static let exponentialPointFields = [
        Field(1, "attributes", many: .message(.attribute)),
        Field(2, "startTimeUnixNano", .fixed64),
        Field(3, "timeUnixNano", .fixed64),
        Field(4, "count", .fixed64),
        Field(5, "sum", .double),
        Field(6, "scale", .sint32),
        Field(7, "zeroCount", .fixed64),
        Field(8, "positive", .message(.buckets)),
        Field(9, "negative", .message(.buckets)),
        Field(10, "flags", .uint32),
        Field(11, "exemplars", many: .message(.exemplar)),
        Field(12, "min", .double),
        Field(13, "max", .double),
        Field(14, "zeroThreshold", .double),
    ]

    private static let bucketsFields = [
        Field(1, "offset", .sint32),
        Field(2, "bucketCounts", many: .uint64),
    ]

    private static let summaryPointFields = [
        Field(2, "startTimeUnixNano", .fixed64),
        Field(3, "timeUnixNano", .fixed64),
        Field(4, "count", .fixed64),
        Field(5, "sum", .double),
        Field(6, "quantileValues", many: .message(.quantile)),
        Field(7, "attributes", many: .message(.attribute)),
        Field(8, "flags", .uint32),
    ]

    private static let exemplarFields = [
        Field(2, "timeUnixNano", .fixed64),
        Field(3, "asDouble", .double),
        Field(4, "spanId", .id),
        Field(5, "traceId", .id),
        Field(6, "asInt", .sfixed64),
        Field(7, "filteredAttributes", many: .message(.attribute)),
    ]
}
