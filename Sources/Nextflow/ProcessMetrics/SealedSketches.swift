internal import Core
internal import Postgres

/// The distributions of days, months and years that are over, computed once so that a query need not read every
/// value.
///
/// They only save work: results are the same before and after. A bucket is sealed when it got no completion since the
/// last check, and again after late ones.
enum SealedSketches {
    /// Completions arrive a little late; a bucket that has been over for this long is not expected to grow.
    private static let delay = Duration.seconds(600)

    /// Seals buckets that are over, the newest first, for about this time; the others wait for the next run.
    static func seal(on connection: Connection, now: Timestamp, for time: Duration) throws {
        let end = ContinuousClock.now + time
        let over = now - delay
        // A month is sealed after its last day, a year after its last month.
        for grain in ["day", "month", "year"] {
            for bucket in try connection.execute(unsealed, [.timestamp(over)]).map(Bucket.init)
            where bucket.grain == grain {
                guard ContinuousClock.now < end else { return }
                if bucket.isQuiet {
                    if bucket.isReady { try seal(bucket, on: connection) }
                } else {
                    let seen: [Parameter] = [.text(grain), .timestamp(bucket.start), .int64(bucket.rows)]
                    try connection.execute(look, seen)
                }
            }
        }
    }

    private struct Bucket {
        let grain: String
        let start: Timestamp
        let next: Timestamp
        let rows: Int64
        let isQuiet: Bool
        let isReady: Bool

        init(_ row: Row) throws {
            grain = try row.text("grain")
            start = try row.timestamp("bucket")
            next = try row.timestamp("next")
            rows = try row.int64("rows")
            isQuiet = try row.bool("is_quiet")
            isReady = try row.bool("is_ready")
        }
    }

    /// The completions and their number must come from one snapshot, or the number would be too large.
    private static func seal(_ bucket: Bucket, on connection: Connection) throws {
        let key: [Parameter] = [.text(bucket.grain), .timestamp(bucket.start)]
        let bounds = key + [.timestamp(bucket.next)]
        try connection.transaction(TransactionOptions(isolation: .repeatableRead)) {
            try connection.executeScript("SET LOCAL statement_timeout = '5min'; SET LOCAL jit = off")
            try connection.execute(delete, key)
            try connection.execute(insert, bounds)
            try connection.execute(note, bounds)
        }
    }

    private static let unsealed = Statement("unsealed buckets", file: PackageResources.unsealed_buckets_sql)
    private static let look = Statement(
        "look at a bucket",
        """
        INSERT INTO sealed_bucket (grain, bucket, seen_rows) VALUES ($1::grain, $2, $3)
        ON CONFLICT (grain, bucket) DO UPDATE SET seen_rows = excluded.seen_rows
        """
    )
    private static let delete = Statement(
        "delete sketches",
        "DELETE FROM sealed_sketch WHERE grain = $1::grain AND bucket = $2"
    )
    private static let insert = Statement("seal sketches", file: PackageResources.seal_sketches_sql)
    private static let note = Statement(
        "seal a bucket",
        """
        UPDATE sealed_bucket s SET rows = r.rows, seen_rows = r.rows
        FROM bucket_rows($1::grain, $2::timestamptz, $3::timestamptz) r
        WHERE s.grain = $1::grain AND s.bucket = r.bucket
        """
    )
}
