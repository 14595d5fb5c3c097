internal import Journal
package import Postgres

/// Applies a dead letter again, once what refused it has been mended.
package struct DeadLetterRetry<P: Projection>: Sendable {
    private let projection: P

    /// Makes the retry for the letters of one stream.
    package init(_ projection: P) {
        self.projection = projection
    }

    /// Applies the letter from the stage that refused it, in one transaction with its mark: it can succeed only once.
    ///
    /// - Returns: nil when it is applied, or why it was refused again; then it goes on waiting.
    /// - Throws: `PostgresError` when nothing could be decided, `DeadLetterError.notWaiting` when there is no such letter.
    package func retry(id: Int64, on connection: Connection) throws -> Refusal? {
        try projection.prepare(connection)
        guard let letter = try DeadLetterStore.fetchOne(id: id, on: connection) else {
            throw DeadLetterError.notWaiting(id: id)
        }
        let refusal = try attempt(letter, on: connection)
        if let refusal { try DeadLetterStore.update(id: id, refusal, on: connection) }
        return refusal
    }

    private func attempt(_ letter: DeadLetter, on connection: Connection) throws -> Refusal? {
        let line = JournalLine(
            seq: letter.seq,
            at: letter.receivedAt,
            kind: letter.kind,
            body: letter.body
        )
        do {
            let decoded = try projection.decode(line, journal: letter.journalID)
            var elements = letter.refusal.isOfLine ? decoded : Array(decoded[letter.element...].prefix(1))
            try projection.prepare(elements, on: connection)
            try connection.transaction {
                guard try DeadLetterStore.decide(id: letter.id, .retried, on: connection) else {
                    throw DeadLetterError.notWaiting(id: letter.id)
                }
                if letter.stage > 0 { try projection.restore(&elements, on: connection) }
                for stage in letter.stage..<projection.stageCount {
                    try projection.apply(stage: stage, to: &elements, on: connection)
                }
            }
            return nil
        } catch let refusal as Refusal {
            return refusal
        } catch let error as PostgresError where error.kind == .refusedData {
            return Refusal(error)
        }
    }
}

/// A dead letter that cannot be retried or dropped.
package enum DeadLetterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// No letter of that number waits for a decision.
    case notWaiting(id: Int64)

    package var description: String {
        switch self {
        case .notWaiting(let id):
            "there is no dead letter \(id) that waits for a decision; `weir dead-letters list` shows those that do"
        }
    }
}
