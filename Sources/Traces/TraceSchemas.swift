internal import API

/// The answers of traces as `/openapi.json` describes them.
enum TraceSchemas {
    static let trace = APISchema(
        "Trace",
        [
            .init("traceId", .text),
            .init("spanCount", .count),
            .init("truncated", .flag),
            .init("start", .moment, isRequired: false),
            .init("end", .moment, isRequired: false),
            .init("durationMs", .number, isRequired: false),
            .init("spans", .list(.named(span))),
        ]
    )

    private static let span = APISchema(
        "TraceSpan",
        [
            .init("spanId", .text),
            .init("parentSpanId", .text, isRequired: false),
            .init("depth", .count),
            .init("name", .text),
            .init("service", .text, isRequired: false),
            .init("kind", .text),
            .init("start", .moment),
            .init("end", .moment),
            .init("durationMs", .number),
            .init("status", .text),
            .init("statusMessage", .text, isRequired: false),
            .init("attributes", .any),
            .init("events", .list(.any), isRequired: false),
            .init("links", .list(.any), isRequired: false),
        ]
    )
}
