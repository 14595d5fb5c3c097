internal import Core
internal import Postgres

/// Rows to the answers of the metrics endpoints. Contract noetl §1.3.
enum SamplesEncoder {
    /// The page of a query; `next` is the start of the next page when the client asked for pages, nil on the last one.
    static func query(
        _ rows: [Row],
        limit: Int,
        showsExemplars: Bool = false,
        next: String?? = nil
    ) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 512 * rows.count + 64)
        try writer.object { answer in
            try answer.array("metrics") { list in
                for row in rows { try list.object { try sample(row, showsExemplars, &$0) } }
            }
            answer.member("count", rows.count)
            answer.member("limit", limit)
            if let next { answer.member("next_cursor", next) }
        }
        return writer.bytes
    }

    private static func sample(_ row: Row, _ showsExemplar: Bool, _ sample: inout JSONWriter) throws {
        sample.member("metric_id", try row.int64("metric_id"))
        sample.member("runtime_id", try row.int64("runtime_id"))
        sample.member("component_name", try row.text("component_name"))
        sample.member("component_type", try row.text("component_type"))
        sample.member("metric_name", try row.text("metric_name"))
        sample.member("metric_type", try row.text("metric_type"))
        sample.key("metric_value")
        value(try row.double("metric_value"), &sample)
        if let labels = try row.optionalUTF8("labels") {
            sample.member("labels", raw: labels)
        } else {
            sample.null("labels")
        }
        sample.member("help_text", try row.optionalText("help_text"))
        sample.member("unit", try row.optionalText("unit"))
        sample.member("timestamp", try row.timestamp("timestamp").isoformat)
        sample.member("created_at", try row.timestamp("created_at").isoformat)
        if showsExemplar, let exemplar = try row.optionalUTF8("exemplar") {
            sample.member("exemplar", raw: exemplar)
        }
    }

    /// JSON has no numbers for these; the original's page failed on them.
    static func value(_ value: Double, _ writer: inout JSONWriter) {
        if value.isNaN {
            writer.value("NaN")
        } else if value.isInfinite {
            writer.value(value < 0 ? "-Inf" : "+Inf")
        } else {
            writer.value(value)
        }
    }
}
