import Core
package import Ingest
import Postgres
package import WeirApp

/// Implements `weir audit`: answers the questions of contract §4.5 from one snapshot, and changes nothing.
package struct Audit: Sendable {
    /// Options of an audit.
    package struct Options: Sendable {
        /// Names of questions; empty is all but the long ones.
        package var only: [String]
        /// Whether large tables are counted, too.
        package var isExact: Bool
        /// How long each question may take.
        package var timeout: Duration

        /// Makes options.
        package init(only: [String] = [], isExact: Bool = false, timeout: Duration = .seconds(60)) {
            self.only = only
            self.isExact = isExact
            self.timeout = timeout
        }
    }

    /// Tables with fewer rows are always counted.
    private static let countedRows: Int64 = 100_000
    /// The names of all questions.
    package static let names = questions(Feature.all).map(\.name)

    private let database: DatabaseSession
    private let options: Options
    private let questions: [AuditQuestion]

    /// Audits a database.
    package init(
        _ database: DatabaseSession,
        _ options: Options,
        _ features: [Feature] = Feature.all
    ) {
        self.database = database
        self.options = options
        questions = Self.questions(features)
    }

    /// Answers all questions. One that takes too long, or finds no table, gets the reason as its answer.
    package func run() async throws -> AuditReport {
        let options = options
        let questions = questions.filter { question in
            options.only.isEmpty ? !question.isLong : options.only.contains(question.name)
        }
        var session = database.session
        session.statementTimeout = options.timeout
        let connection = DedicatedConnection(database.target, session, label: "weir.audit")
        defer { connection.close() }
        return try await connection.withConnection { connection in
            let snapshot = TransactionOptions(isolation: .repeatableRead, isReadOnly: true)
            return try connection.transaction(snapshot) {
                let facts = try Self.facts(connection)
                return AuditReport(
                    facts: facts,
                    answers: try questions.map { try Self.answer($0, options, on: connection) }
                )
            }
        }
    }

    /// The name of the question that counts the rows of every table.
    private static let tables = "tables"

    /// The questions about every table, and between them those of the features.
    private static func questions(_ features: [Feature]) -> [AuditQuestion] {
        [
            AuditQuestion(tables, "Rows per table", PackageResources.audit_tables_sql),
            AuditQuestion("schema", "Schema and version", PackageResources.audit_schema_sql),
            AuditQuestion(
                "columns",
                "Columns of every table",
                PackageResources.audit_columns_sql,
                isLong: true
            ),
        ] + features.flatMap(\.audit) + [
            AuditQuestion("space", "Space per table", PackageResources.audit_space_sql),
            AuditQuestion("indexes", "Indexes", PackageResources.audit_indexes_sql),
        ]
    }

    private static func facts(_ connection: Connection) throws -> AuditReport.Facts {
        let row = try connection.execute(
            """
            SELECT to_regclass('weir_migration') IS NOT NULL AS has_schema, current_database()::text AS database, current_setting('server_version') AS server,
                   pg_database_size(current_database()) AS bytes, now() AS at
            """,
            []
        )[0]
        guard try row.bool("has_schema") else {
            throw StartError("the database has no schema yet: run `weir migrate`")
        }
        return AuditReport.Facts(
            database: try row.text("database"),
            server: try row.text("server"),
            bytes: try row.int64("bytes"),
            at: try row.timestamp("at")
        )
    }

    private static func answer(
        _ question: AuditQuestion,
        _ options: Options,
        on connection: Connection
    ) throws -> AuditAnswer {
        var answer = AuditAnswer(question)
        do {
            try connection.savepoint("question") {
                let result = try connection.executeOnce(Statement(question.name, question.sql))
                if question.name == Self.tables {
                    answer.columns = ["table", "rows", "partitions"]
                    answer.rows = try result.map { try count($0, options, on: connection) }
                } else {
                    answer.columns = result.columns
                    answer.rows = try result.map(cells)
                }
            }
        } catch let error as PostgresError where !connection.isBroken {
            answer.failure = StartError.describing(error).line
        }
        return answer
    }

    private static func cells(_ row: Row) throws -> [AuditAnswer.Cell] {
        try row.columns.indices.map { column in
            guard let text = try row.optionalText(.position(column)) else { return .text("") }
            return Int64(text).map { .number($0, isEstimate: false) } ?? .text(text)
        }
    }

    private static func count(_ row: Row, _ options: Options, on connection: Connection) throws
        -> [AuditAnswer.Cell]
    {
        let name = try row.text("name")
        var rows = AuditAnswer.Cell.number(try row.int64("estimate"), isEstimate: true)
        let isSmall = try row.int64("estimate") < countedRows && !(try row.bool("is_unknown"))
        if try options.isExact || isSmall || row.bool("is_unknown") {
            let counted = try connection.executeOnce(
                Statement("count rows", "SELECT count(*) FROM \(Identifier.quoted(name))")
            )
            rows = .number(try counted[0].int64(0), isEstimate: false)
        }
        return [.text(name), rows, .number(try row.int64("partitions"), isEstimate: false)]
    }
}
