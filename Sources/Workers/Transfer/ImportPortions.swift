internal import Core
internal import Ingest
internal import Postgres

/// The SQL that remembers portions of imports, so that importing the same file again stores nothing twice.
enum ImportPortions {
    private static let insert = Statement(
        "insert import portions",
        """
        INSERT INTO import_portion (portion_key, received_at)
        SELECT p.portion_key, p.at FROM unnest($1::uuid[], $2::timestamptz[]) AS p (portion_key, at)
        ORDER BY p.portion_key
        ON CONFLICT (portion_key) DO NOTHING
        RETURNING portion_key
        """
    )

    /// Remembers portions with their arrivals.
    ///
    /// - Returns: those that were not there yet.
    static func insert(_ portions: [UUID128: Timestamp], on connection: Connection) throws -> Set<UUID128> {
        guard !portions.isEmpty else { return [] }
        let parameters: [Parameter] = [
            .uuidArray(Array(portions.keys)), .timestampArray(Array(portions.values)),
        ]
        let rows = try connection.execute(insert, parameters)
        return Set(try rows.map { try $0.uuid(0) })
    }
}
