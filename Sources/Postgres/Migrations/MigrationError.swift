/// Why the schema can not be brought up to date.
package enum MigrationError: Error, Hashable, Sendable {
    /// An applied step's text has changed since.
    case checksumMismatch(version: Int, name: String)
    /// A step below the highest applied one was never applied.
    case outOfOrder(version: Int, applied: Int)
    /// A step failed; with a transaction of its own it left nothing behind.
    case failed(version: Int, name: String, PostgresError)
}

extension MigrationError {
    /// Whether the database was made with other steps than these: no start mends that.
    package var isOfAnotherBuild: Bool {
        if case .checksumMismatch = self { true } else { false }
    }
}

extension MigrationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .checksumMismatch(let version, let name):
            "migration \(version) (\(name)) is not the one that was applied to this database"
        case .outOfOrder(let version, let applied):
            "migration \(version) is not applied although \(applied) is; migrations only go forward"
        case .failed(let version, let name, let error): "migration \(version) (\(name)) failed: \(error)"
        }
    }
}
