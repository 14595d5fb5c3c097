internal import Core
internal import Ingest

/// The id by which Tower's client names a run in its paths: 16 letters and digits. Contract nextflow §5.3.
///
/// It is made of the session and the run's name alone, so that a `create` that is sent again gets the same id from any
/// Weir, also while PostgreSQL is away.
enum TowerWorkflowID {
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The id of a run.
    static func make(sessionID: String, runName: String) -> String {
        var digest = KeyDigest()
        digest.add("tower")
        digest.add(sessionID)
        digest.add(runName)
        return text(digest.finish())
    }

    /// An id that no other run has, for a run that tells nothing of itself.
    static func random() -> String { text(.random()) }

    private static func text(_ key: UUID128) -> String {
        var bytes: [UInt8] = []
        key.appendBytes(to: &bytes)
        return String(decoding: bytes.map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }
}
