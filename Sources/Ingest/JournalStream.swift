internal import Journal
package import Postgres
internal import Synchronization

/// A stream as those see it who feed its projection without a loader: a replay, and the retry of a dead letter.
package struct JournalStream: Sendable {
    /// The stream's name.
    package let name: String
    /// A table that has rows as soon as anything of the stream was applied.
    package let table: String
    /// The kinds of its lines, versions included.
    let kinds: Set<String>
    let apply: @Sendable ([MergedLine], Connection) throws -> Int
    fileprivate let retry: @Sendable (DeadLetter, Connection) throws -> Refusal?

    /// Makes the stream of a projection; `table` tells whether the database is empty.
    package init<P: Projection>(_ projection: P, table: String) {
        name = projection.stream
        kinds = Set(projection.kinds)
        self.table = table
        let applier = BatchApplier(projection: projection)
        let prepared = SessionMark()
        apply = { lines, connection in
            try applier.prepareSession(connection, prepared.session)
            let entries = lines.map { BatchApplier<P>.Entry(journal: $0.journal, line: $0.line) }
            return try applier.apply(applier.decode(entries), on: connection) { _ in }.deadLetters
        }
        retry = { try DeadLetterRetry(projection).retry($0, on: $1) }
    }
}

extension Collection<JournalStream> {
    /// Tries a dead letter of one of these streams once more.
    ///
    /// - Returns: nil when it is applied now, or why it was refused again; then it goes on waiting.
    /// - Throws: `DeadLetterError`, or `PostgresError` when nothing could be decided.
    package func retryDeadLetter(_ id: Int64, on connection: Connection) throws -> Refusal? {
        guard let letter = try DeadLetterStore.fetchOne(id: id, on: connection) else {
            throw DeadLetterError.notWaiting(id: id)
        }
        guard let stream = first(where: { $0.name == letter.stream }) else {
            throw DeadLetterError.unknownStream(id: id, stream: letter.stream)
        }
        return try stream.retry(letter, connection)
    }
}

/// Remembers which session was prepared.
private final class SessionMark: Sendable {
    // The id of the session that was prepared last.
    let session = Mutex<UInt64?>(nil)
}
