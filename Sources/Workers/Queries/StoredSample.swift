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
    /// The samples of a row that has them as arrays.
    static func samples(in row: Row) throws -> [StoredSample] {
        guard try !row.isNull("metric_ids") else { return [] }
        let ids = BinaryArray.elements(try row.bytes("metric_ids"), as: Int64.self) ?? []
        let series = BinaryArray.elements(try row.bytes("series"), as: Int32.self) ?? []
        let times = BinaryArray.times(try row.bytes("times"))
        let arrivals = BinaryArray.times(try row.bytes("arrivals"))
        let values = BinaryArray.doubles(try row.bytes("values"))
        let exemplars = try row.isNull("exemplars") ? [] : row.textArray("exemplars")
        return ids.indices.map { index in
            StoredSample(
                metricID: ids[index],
                series: series[index],
                at: times[index],
                receivedAt: arrivals[index],
                value: values[index],
                exemplar: exemplars.isEmpty ? nil : exemplars[index]
            )
        }
    }
}

/// What answers say of a series, rendered once for all of its samples.
struct SeriesText: Sendable {
    /// The text of a JSON object that stands between the id of a sample and its value, and the members behind it.
    let upToValue: [UInt8]
    let behind: [UInt8]

    /// Reads a row of `described_series.sql`, whose columns are in this order behind the number.
    init(_ row: Row) throws {
        let before = try Self.members { object in
            object.member("runtime_id", try row.int64(1))
            object.member("component_name", try row.text(2))
            object.member("component_type", try row.text(3))
            object.member("metric_name", try row.text(4))
            object.member("metric_type", try row.text(5))
        }
        upToValue = before + Array(#","metric_value":"#.utf8)
        behind = try Self.members { object in
            object.member("labels", raw: try row.optionalUTF8(6) ?? Array("null".utf8))
            object.member("help_text", try row.optionalText(7))
            object.member("unit", try row.optionalText(8))
        }
    }

    private static func members(_ write: (inout JSONWriter) throws -> Void) rethrows -> [UInt8] {
        var writer = JSONWriter()
        try writer.object(write)
        return Array(writer.bytes.dropFirst().dropLast())
    }
}
