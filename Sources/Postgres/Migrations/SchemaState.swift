/// How a database's schema stands to the migrations that this binary knows.
package enum SchemaState: Hashable, Sendable {
    /// Exactly the known steps are applied; `applied` are those that this call applied.
    case current(version: Int, applied: [Int])
    /// The database has steps that this binary does not know: it must not write rows.
    case newer(database: Int, known: Int)

    /// Whether the database has all steps up to `version`.
    package func isAtLeast(_ version: Int) -> Bool {
        switch self {
        case .current(let found, _): found >= version
        case .newer: true
        }
    }
}
