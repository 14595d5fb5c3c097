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
    /// Makes what applies lines to one database and counts the dead letters that they made.
    let makeApplier: @Sendable () -> Applier
    fileprivate let retry: @Sendable (DeadLetter, Connection) throws -> Refusal?

    /// Applies lines, in their order.
    typealias Applier = @Sendable ([MergedLine], Connection) throws -> Int

    /// Makes the stream of a projection, of which each database gets a new one; `table` tells whether the database is
    /// empty.
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
