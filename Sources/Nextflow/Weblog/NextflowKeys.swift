internal import Core
internal import Ingest

/// Keys of fixed size for values of any size: half of a SHA-256, as a uuid.
///
/// A client may send a run id of a megabyte; an index row of PostgreSQL is limited to 2.7 kB. Keys depend on the
/// values alone, so that all Weirs make the same ones.
enum NextflowKeys {
    /// The key of a run. Contract §4.6: (runId, runName).
    static func run(id: String, name: String) -> UUID128 {
        var digest = KeyDigest()
        digest.add(id)
        digest.add(name)
        return digest.finish()
    }

    /// The digest of a cleaned body, by which a client's automatic resend is recognised.
    static func body(_ bytes: ArraySlice<UInt8>) -> UUID128 {
        var digest = KeyDigest()
        digest.add(bytes: bytes)
        return digest.finish()
    }

    /// The key of a completion: two `process_completed` with the same key are the same (migration 9 computes it in
    /// SQL).
    static func completion(run: UUID128, trace: Trace) -> UUID128 {
        var digest = KeyDigest()
        digest.add(run)
        if let hash = trace.hash, !hash.isEmpty {
            digest.add(trace.taskID)
            digest.add(hash)
        } else {
            for text in trace.identityWithoutHash { digest.add(text) }
        }
        return digest.finish()
    }

    /// The key of a completion without a task id: made from the line itself.
    static func completion(run: UUID128, journal: UUID128, seq: Int64) -> UUID128 {
        var digest = KeyDigest()
        digest.add(run)
        digest.add(journal)
        digest.add(String(seq))
        return digest.finish()
    }
}
