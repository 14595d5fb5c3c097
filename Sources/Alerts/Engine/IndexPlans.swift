internal import Postgres

/// Plans that read by index, whatever PostgreSQL knows of the tables.
enum IndexPlans {
    /// For the rest of the transaction.
    ///
    /// Statistics of a table that was empty a moment ago make plans that read all of it, and a plan with something that
    /// is turned off looks so expensive that PostgreSQL would compile it, for half a second.
    static func use(on connection: Connection) throws {
        try connection.executeScript(
            """
            SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
            SET LOCAL jit = off
            """
        )
    }
}
