internal import Core

/// Keeps servers out of a data directory while a command works on its data.
package struct DirectoryGuard: Sendable {
    private let lock: DirectoryLock

    /// Takes the lock that a server holds while it runs; the last copy of the guard releases it.
    ///
    /// Throws `.locked` with the text of the lock file when a server runs there, and `.system`.
    package init(_ directory: String) throws(JournalError) {
        lock = try DirectoryLock(directory: directory, now: .now())
    }
}
