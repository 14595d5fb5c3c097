package import Core
package import Postgres

/// One consistent snapshot of the database for all statements of a response.
package enum ReadSnapshot {
    /// Runs `body` in a read-only transaction with one snapshot; `now` is its moment, by PostgreSQL's clock.
    ///
    /// The just-in-time compiler is off: the planner overestimates the edges of windows by far, and would compile for
    /// a second to run a query of a millisecond.
    package static func read<Value>(_ connection: Connection, _ body: (_ now: Timestamp) throws -> Value)
        throws
        -> Value
    {
        let options = TransactionOptions(isolation: .repeatableRead, isReadOnly: true)
        return try connection.transaction(options) {
            let moment = try connection.execute(begin)
            guard let row = moment.first else { preconditionFailure("BUG: SELECT without FROM has one row") }
            return try body(try row.timestamp(0))
        }
    }

    private static let begin = Statement("read snapshot", "SELECT now(), set_config('jit', 'off', true)")
}
