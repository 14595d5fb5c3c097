internal import Core
internal import Postgres

/// A sample as queries find it.
struct StoredSample: Sendable {
    let metricID: Int64
    /// The number of its series.
    let series: Int32
    let at: Timestamp
    let receivedAt: Timestamp
    let value: Double
    /// What it refers to, as JSON; nil when the query did not ask for references.
    let exemplar: String?
}

extension StoredSample {
    /// Microseconds from 1970-01-01 to 2000-01-01.
    private static let epoch: Int64 = 946_684_800_000_000

    /// The samples of a row that has them as arrays.
    static func samples(in row: Row) throws -> [StoredSample] {
        guard try !row.isNull("metric_ids") else { return [] }
        func numbers<Number: FixedWidthInteger>(_ column: Row.Column, _ type: Number.Type) throws -> [Number] {
            BinaryArray.elements(try row.bytes(column), as: type) ?? []
        }
        let ids = try numbers("metric_ids", Int64.self)
        let series = try numbers("series", Int32.self)
        let times = try numbers("times", Int64.self)
        let arrivals = try numbers("arrivals", Int64.self)
        let values = try numbers("values", UInt64.self)
        let exemplars = try row.isNull("exemplars") ? [] : row.textArray("exemplars")
        return ids.indices.map { index in
            StoredSample(
                metricID: ids[index],
                series: series[index],
                at: Timestamp(microseconds: times[index] + epoch),
                receivedAt: Timestamp(microseconds: arrivals[index] + epoch),
                value: Double(bitPattern: values[index]),
                exemplar: exemplars.isEmpty ? nil : exemplars[index]
            )
        }
    }
}

/// What answers say of a series, rendered once for all of its samples.
struct SeriesText: Sendable {
    /// Members before the value of a sample, and behind it; the values are JSON.
    let before: [(name: String, json: [UInt8])]
    let behind: [(name: String, json: [UInt8])]

    init(_ row: Row) throws {
        func text(_ name: String) throws -> (name: String, json: [UInt8]) {
            var writer = JSONWriter()
            if let text = try row.optionalText(.name(name)) { writer.value(text) } else { writer.null() }
            return (name, writer.bytes)
        }
        before =
            try [("runtime_id", Array(String(row.int64("runtime_id")).utf8))]
            + ["component_name", "component_type", "metric_name", "metric_type"].map(text)
        behind =
            try [("labels", row.optionalUTF8("labels") ?? Array("null".utf8))]
            + ["help_text", "unit"].map(text)
    }
}
