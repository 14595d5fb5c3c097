internal import Core
internal import OpenTelemetry
internal import Postgres

/// The SQL of received spans.
enum SpanStore {
    private static let insert = Statement("insert spans", file: PackageResources.insert_spans_sql)
    private static let fetch = Statement(
        "spans of a trace",
        """
        SELECT message
        FROM (
            SELECT message, start_ns, span_id,
                sum(octet_length(message)) OVER (ORDER BY start_ns, span_id) - octet_length(message) AS before
            FROM (
                SELECT message, start_ns, span_id
                FROM span
                WHERE trace_id = $1
                ORDER BY span_id
                LIMIT $4
            ) searched
            ORDER BY start_ns, span_id
            LIMIT $2
        ) s
        WHERE before < $3
        ORDER BY start_ns, span_id
        """
    )

    /// Stores spans, each key once, in key order.
    static func insert(_ elements: [SpansProjection.Element], on connection: Connection) throws {
        let spans = elements.map(\.span)
        try connection.execute(
            insert,
            [
                .uuidArray(spans.map { UUID128(bytes: $0.traceID.bytes) }),
                .int64Array(spans.map { Int64(bitPattern: $0.spanID.value) }),
                .int64Array(spans.map { span in span.parentID.map { Int64(bitPattern: $0.value) } }),
                .textArray(spans.map(\.name.storable)),
                .int64Array(spans.map { Int64($0.kind.rawValue) }),
                .int64Array(spans.map(\.startNumber)),
                .int64Array(spans.map(\.endNumber)),
                .int64Array(spans.map { Int64($0.status.code.rawValue) }),
                .textArray(spans.map { $0.status.message.isEmpty ? nil : $0.status.message.storable }),
                .textArray(elements.map(\.service)),
                .textArray(
                    elements.map {
                        "\\x" + Hex.encode(SpansProjection.message($0.span, $0.resource, $0.scope))
                    }
                ),
                .uuidArray(elements.map(\.digest)),
                .timestampArray(elements.map(\.receivedAt)),
            ]
        )
    }

    /// Of how many times as many spans the first ones are searched: a trace may have any number.
    private static let searched = 10

    /// The spans of a trace in the order of their starts: at most `count`, and none behind `bytes` of OTLP; and whether
    /// it were the bytes that ended them. Of a trace with more than ten times as many not always the first ones.
    static func spans(of trace: TraceID, atMost count: Int, bytes: Int, on connection: Connection) throws
        -> (batches: [SpanBatch], isCut: Bool)
    {
        guard let id = UUID128(bytes: trace.bytes) else { return ([], false) }
        var size = 0
        let batches = try connection.execute(
            fetch,
            [.uuid(id), .int(count), .int(bytes), .int(searched * count)]
        ).flatMap {
            row in
            guard let message = try row.optionalBytes("message") else { return [SpanBatch]() }
            size += message.count
            return try TraceRequest.decode(protobuf: message).batches
        }
        return (batches, size >= bytes)
    }
}
