internal import Core

/// Keeps servers away from a data directory while a command works on what belongs to it.
package struct DirectoryGuard: Sendable {
    private let lock: DirectoryLock

    /// Takes the lock that a server holds while it runs; it goes with the last copy of the guard.
    ///
    /// Throws `.locked` with the holder's own words when a server runs there, and `.system`.
    package init(_ directory: String) throws(JournalError) {
        lock = try DirectoryLock(directory: directory, now: .now())
    }
}
