internal import Journal
package import Postgres
internal import Synchronization

/// A stream for code that applies lines without a loader: a replay, and the retry of a dead letter.
package struct JournalStream: Sendable {
    /// The stream's name.
    package let name: String
    /// A table that has rows once any line of the stream was applied.
    package let table: String
    /// The kinds of its lines, including versions.
    let kinds: Set<String>
    /// Makes an applier for one database. It counts the dead letters of its lines.
    let makeApplier: @Sendable () -> Applier
    fileprivate let retry: @Sendable (DeadLetter, Connection) throws -> Refusal?

    /// Applies lines in order.
    typealias Applier = @Sendable ([MergedLine], Connection) throws -> Int

    /// Makes the stream of a projection, of which each database gets a new one; rows in `table` show that the
    /// database is not empty.
    package init<P: Projection>(
        _ makeProjection: @autoclosure @escaping @Sendable () -> P,
        table: String
    ) {
        let projection = makeProjection()
        name = projection.stream
        kinds = Set(projection.kinds)
        self.table = table
        makeApplier = {
            let applier = BatchApplier(projection: makeProjection())
            let prepared = SessionMark()
            return { lines, connection in
                try applier.prepareSession(connection, prepared.session)
                let entries = lines.map { BatchApplier<P>.Entry(journal: $0.journal, line: $0.line) }
                return try applier.apply(applier.decode(entries), on: connection) { _ in }.deadLetters
            }
        }
        retry = { try DeadLetterRetry(makeProjection()).retry($0, on: $1) }
    }
}

extension Collection<JournalStream> {
    /// Retries a dead letter of one of these streams.
    ///
    /// - Returns: nil when it is applied now, or why it was refused again; then it stays waiting.
    /// - Throws: `DeadLetterError`, or `PostgresError` when the retry could not be completed.
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

/// Holds the last prepared session.
private final class SessionMark: Sendable {
    // The id of the last prepared session.
    let session = Mutex<UInt64?>(nil)
}
