package import Core
import WeirApp

/// How the databases are called that a restore makes and sets aside.
package enum DatabaseNames {
    /// What was in use before a restore.
    static let before = "before"
    /// What was in use before a rollback.
    static let undone = "undone"
    /// What a restore fills.
    static let coming = "restore"

    /// What a backup restores on trial.
    static let trial = "verify"
    /// What can be dropped when nobody wants to go back.
    static let leftovers = [before, undone, coming, trial]

    /// A name for a database beside `database`; names have 63 bytes at most.
    package static func name(_ database: String, _ word: String, _ time: Timestamp) -> String {
        beginning(database, word) + BackupName.text(of: time)
    }

    /// What all such names begin with.
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
