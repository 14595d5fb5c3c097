internal import Core
internal import Postgres

/// The SQL that describes the partitions of samples. Contract noetl §7.1.
enum PartitionsStore {
    private static let partitions = Statement(
        "partitions of samples",
        file: PackageResources.list_partitions_sql
    )

    /// The answer of `GET /api/metrics/partitions`.
    static func list(on connection: Connection) throws -> [UInt8] {
        let rows = try connection.execute(partitions, [])
        var writer = JSONWriter()
        try writer.object { answer in
            try answer.array("partitions") { list in
                for row in rows {
                    try list.object { partition in
                        let day = try row.timestamp("day")
                        partition.member("name", CareRoutes.shownName(day))
                        partition.member("from", day.isoformat)
                        partition.member("to", day.adding(seconds: 86_400).isoformat)
                        partition.member("rows", try row.int64("samples"))
                        partition.member("bytes", try row.int64("bytes"))
                        partition.member("min_timestamp", try row.optionalTimestamp("oldest")?.isoformat)
                        partition.member("max_timestamp", try row.optionalTimestamp("newest")?.isoformat)
                    }
                }
            }
            answer.member("count", rows.count)
        }
        return writer.bytes
    }
}
