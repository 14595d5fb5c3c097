internal import Core
internal import Postgres

/// Counts stored samples by journal and day of arrival: nobody has to read them to know how many there are.
enum SampleCounts {
    private static let add = Statement(
        "count samples",
        """
        INSERT INTO sample_count AS c (day, journal_id, samples)
        SELECT n.day::date, n.journal_id, n.samples
        FROM unnest($1::text[], $2::uuid[], $3::bigint[]) AS n (day, journal_id, samples)
        ORDER BY n.day, n.journal_id
        ON CONFLICT (day, journal_id) DO UPDATE SET samples = c.samples + excluded.samples
        """
    )

    private struct Key: Hashable {
        let day: Timestamp
        let journal: UUID128
    }

    /// Adds samples that the batch has stored.
    static func add(_ spans: [StoredSpan], on connection: Connection) throws {
        guard !spans.isEmpty else { return }
        var counts: [Key: Int64] = [:]
        for span in spans {
            counts[Key(day: span.receivedAt.startOfDay, journal: span.journal), default: 0] += Int64(
                span.samples
            )
        }
        let rows = Array(counts)
        try connection.execute(
            add,
            [
                .textArray(rows.map(\.key.day.yyyymmdd)), .uuidArray(rows.map(\.key.journal)),
                .int64Array(rows.map(\.value)),
            ]
        )
    }
}
