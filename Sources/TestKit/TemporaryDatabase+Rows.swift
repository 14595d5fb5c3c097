package import Postgres

extension TemporaryDatabase {
    /// The rows of a query as text, columns separated by `|`, NULL as `∅`.
    package func rows(_ sql: String) throws -> [String] { try target.rows(sql) }

    /// Runs a script.
    package func execute(_ sql: String) throws { try target.execute(sql) }
}

extension ConnectionTarget {
    /// The rows of a query as text, columns separated by `|`, NULL as `∅`.
    package func rows(_ sql: String) throws -> [String] {
        try Connection.withTemporary(self) { connection in
            try connection.executeOnce(Statement(sql: sql)).map { row in
                try row.columns.indices.map { try row.optionalText(.position($0)) ?? "∅" }
                    .joined(separator: "|")
            }
        }
    }

    /// Runs a script.
    package func execute(_ sql: String) throws {
        try Connection.withTemporary(self) { _ = try $0.executeScript(sql) }
    }
}
