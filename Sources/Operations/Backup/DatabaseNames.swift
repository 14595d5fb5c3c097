package import Core
import WeirApp

/// The names of databases that a restore makes and sets aside.
package enum DatabaseNames {
    /// The database that was in use before a restore.
    static let before = "before"
    /// The database that was in use before a rollback.
    static let undone = "undone"
    /// The database that a restore fills.
    static let coming = "restore"

    /// The temporary database for verifying a backup.
    static let trial = "verify"
    /// Databases that can be dropped when no rollback is wanted.
    static let leftovers = [before, undone, coming, trial]

    /// A name for a database derived from `database`; names have 63 bytes at most.
    package static func name(_ database: String, _ word: String, _ time: Timestamp) -> String {
        beginning(database, word) + BackupName.text(of: time)
    }

    /// The prefix of all such names.
    static func beginning(_ database: String, _ word: String) -> String {
        var kept = database
        while kept.utf8.count > 63 - 2 - word.utf8.count - 15 { kept.removeLast() }
        return "\(kept)_\(word)_"
    }

    /// The time in such a name; nil for any other name.
    package static func time(of name: String, _ database: String, _ word: String) -> Timestamp? {
        let beginning = beginning(database, word)
        return name.hasPrefix(beginning) ? BackupName.time(of: name.dropFirst(beginning.count)) : nil
    }
}
