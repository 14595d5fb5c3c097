package import Core
package import Postgres

/// The rows of one table, by the time in one of its columns; the column of the order needs an index.
package struct AgingTable: AgingRows {
    package let name: String
    package let table: String?
    private let column: String
    private let order: String
    private let condition: String

    /// Makes a description. `name` is an operator's name for the rows. They are deleted in the order of `column`, or
    /// of another column that grows with it; `condition` is the SQL condition of rows that may be deleted.
    package init(
        _ name: String,
        table: String,
        at column: String,
        orderedBy order: String? = nil,
        where condition: String = "true"
    ) {
        self.name = name
        self.table = table
        self.column = column
        self.order = order ?? column
        self.condition = condition
    }

    package func survey(before limit: Timestamp, on connection: Connection) throws -> AgeSurvey {
        let sql = """
            SELECT count(*) AS total, min(\(column)) AS oldest, max(\(column)) AS newest,
                   count(*) FILTER (WHERE \(column) < $1) AS expired
            FROM \(table ?? "")
            WHERE \(condition)
            """
        return try AgeSurvey(try connection.execute(Statement("survey \(name)", sql), [.timestamp(limit)])[0])
    }

    package func deleteBatch(
        before limit: Timestamp,
        atMost count: Int,
        on connection: Connection
    ) throws -> Int {
        let sql = """
            DELETE FROM \(table ?? "")
            WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM \(table ?? "")
                WHERE \(condition) AND \(column) < $1
                ORDER BY \(order)
                LIMIT $2
            ))
            """
        let parameters: [Parameter] = [.timestamp(limit), .int(count)]
        return try connection.execute(Statement("delete \(name)", sql), parameters).affectedRows
    }
}
