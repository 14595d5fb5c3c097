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

    private static let take = Statement(
        "take import portions",
        """
        WITH found AS (
            SELECT portion_key FROM import_portion WHERE portion_key = ANY ($1::uuid[]) ORDER BY portion_key FOR UPDATE
        )
        DELETE FROM import_portion p USING found WHERE p.portion_key = found.portion_key
        RETURNING p.portion_key
        """
    )

    /// Leaves of an import only what none has stored yet; `isNew` says that its portion was not there before.
    ///
    /// A row for each series that was left out says that it is missing: when the same file comes again, after a limit was
    /// raised, these series are stored, and no others.
    static func keepMissing(
        of write: inout RemoteWrite,
        _ portion: UUID128,
        isNew: Bool,
        at: Timestamp,
        on connection: Connection
    ) throws {
        guard !isNew else {
            let missing = write.dropped.map { (missingKey($0, of: portion), at) }
            _ = try insert(Dictionary(missing) { first, _ in first }, on: connection)
            return
        }
        var places: [UUID128: Int] = [:]
        for index in write.request.parts.flatMap(\.entries) {
            let entry = write.request.entries[index]
            places[missingKey(entry.place, of: portion)] = entry.place
        }
        let rows = try connection.execute(take, [.uuidArray(Array(places.keys))])
        let missing = Set(try rows.compactMap { places[try $0.uuid(0)] })
        write.request.keep { missing.contains($0.place) }
    }

    private static func missingKey(_ place: Int, of portion: UUID128) -> UUID128 {
        var digest = KeyDigest()
        digest.add("missing")
        digest.add("\(portion)")
        digest.add("\(place)")
        return digest.finish()
    }
}
