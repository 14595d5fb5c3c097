import Core
import Ingest
import Journal
import Postgres

/// Keys of fixed size for ids of any length.
enum RunKeys {
    /// The key of a run.
    static func run(_ eventID: String) -> UUID128 { key(eventID) }

    /// The key of a value that runs are counted by.
    static func value(_ text: String) -> UUID128 { key(text) }

    private static func key(_ text: String) -> UUID128 {
        var digest = KeyDigest()
        digest.add(text)
        return digest.finish()
    }
}
