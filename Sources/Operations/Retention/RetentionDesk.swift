package import Configuration
package import Core
package import Ingest
import Postgres
package import WeirApp

/// Implements `weir retain`: deletes old rows now, by the same sweeps as the maintenance jobs.
package struct RetentionDesk: Sendable {
    /// Rows of one kind, and how many of them are too old.
    package struct Part: Sendable {
        let rows: any AgingRows
        let limit: Timestamp
        let survey: AgeSurvey
        /// Bytes on disk, including indexes; nil if they are not shown.
        let bytes: Int64?

        /// How many rows are too old.
        package var expired: Int { survey.expired }

        /// `runs: 1200 in all, 2026-01-01 to 2026-03-02; 800 older than 2026-02-01 …`.
        package var line: String {
            func day(_ time: Timestamp?) -> String { time.map { String($0.description.prefix(10)) } ?? "" }
            let span =
                survey.total == 0 ? "" : ", from \(day(survey.oldest)) to \(day(survey.newest))"
            let size = bytes.map { ", \(ByteSize(Int($0)).approximately)" } ?? ""
            let age = "older than \(limit.description.prefix(19))Z"
            return "\(rows.name): \(survey.total) in all\(span)\(size); \(survey.expired) \(age)"
        }
    }

    /// The result for one part.
    package struct Report: Sendable {
        /// A sentence for the operator.
        package let line: String
        /// The number of deleted rows.
        package let deleted: Int
    }

    private let database: DatabaseSession
    private let rules: [RetentionRule]
    private let settings: SettingValues
    private let batchSize: Int

    /// Works on a database, with the retention rules of the features and the settings.
    package init(
        _ database: DatabaseSession,
        _ settings: SettingValues,
        _ features: [Feature] = Feature.all,
        batchSize: Int = RetentionSweep.batchSize
    ) {
        self.database = database
        self.settings = settings
        rules = features.flatMap(\.retention)
        self.batchSize = batchSize
    }

    /// Counts rows and old rows at this moment.
    package func survey(at now: Timestamp) async throws -> [Part] {
        let parts = rules.compactMap { rule in rule.limit(settings, at: now).map { (rule.rows, $0) } }
        return try await connected { connection in
            try parts.map { rows, limit in
                Part(
                    rows: rows,
                    limit: limit,
                    survey: try rows.survey(before: limit, on: connection),
                    bytes: try Self.size(of: rows.table, on: connection)
                )
            }
        }
    }

    /// Deletes the old rows of one part, then frees their space for new rows.
    package func sweep(_ part: Part, progress: @escaping @Sendable (Int) -> Void) async throws -> Report {
        let batchSize = batchSize
        return try await connected { connection in
            let begin = ContinuousClock.now
            let sweep = RetentionSweep(part.rows, before: part.limit, batchSize: batchSize)
            let outcome = try sweep.run(on: connection, progress: progress)
            if let table = part.rows.table, outcome.deleted > 0 {
                try connection.executeScript("VACUUM (ANALYZE) \(table)")
            }
            let seconds = (ContinuousClock.now - begin).seconds
            let freed = try Self.freed(part, on: connection)
            return Report(
                line:
                    "\(part.rows.name): \(outcome.deleted) deleted in \(outcome.batches) batches, \(seconds) s\(freed)",
                deleted: outcome.deleted
            )
        }
    }

    private static func freed(_ part: Part, on connection: Connection) throws -> String {
        guard let before = part.bytes, let after = try size(of: part.rows.table, on: connection),
            after < before
        else { return "" }
        return ", \(ByteSize(Int(before - after)).approximately) given back to the system"
    }

    private static func size(of table: String?, on connection: Connection) throws -> Int64? {
        guard let table else { return nil }
        return try connection.execute(
            "SELECT pg_total_relation_size($1::text::regclass) AS bytes",
            [.text(table)]
        ).first?.int64("bytes")
    }

    /// A separate session without a statement timeout.
    private func connected<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        var session = database.session
        session.statementTimeout = nil
        let connection = DedicatedConnection(database.target, session, label: "weir.retain")
        defer { connection.close() }
        return try await connection.withConnection(body)
    }
}

extension Duration {
    /// Seconds with one decimal.
    var seconds: Double {
        let (seconds, attoseconds) = components
        return (Double(seconds) * 10 + (Double(attoseconds) / 1e17)).rounded() / 10
    }
}
