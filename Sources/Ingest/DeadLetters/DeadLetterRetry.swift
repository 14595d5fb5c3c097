internal import Journal
internal import Postgres

/// Applies a dead letter again, after its cause has been fixed.
struct DeadLetterRetry<P: Projection>: Sendable {
    private let projection: P

    /// Makes the retry for the dead letters of one stream.
    init(_ projection: P) {
        self.projection = projection
    }

    /// Applies the dead letter from the stage that refused it and marks it as retried in one transaction: it can
    /// succeed only once.
    ///
    /// - Returns: nil when it is applied, or why it was refused again; then it stays waiting.
    /// - Throws: `PostgresError` when the retry could not be completed, `DeadLetterError.notWaiting` when the dead
    ///   letter was retried or dropped meanwhile.
    func retry(_ letter: DeadLetter, on connection: Connection) throws -> Refusal? {
        try projection.prepare(connection)
        let refusal = try attempt(letter, on: connection)
        if let refusal { try DeadLetterStore.update(id: letter.id, refusal, on: connection) }
        return refusal
    }

    private func attempt(_ letter: DeadLetter, on connection: Connection) throws -> Refusal? {
        let line = JournalLine(
            seq: letter.seq,
            at: letter.receivedAt,
            kind: letter.kind,
            members: letter.members,
            body: letter.body
        )
        do {
            let decoded = try projection.decode(line, journal: letter.journalID)
            var elements =
                letter.refusal.isOfLine ? decoded : Array(decoded.dropFirst(letter.element).prefix(1))
            guard !elements.isEmpty || decoded.isEmpty else {
                throw Refusal(reason: "the line has no element \(letter.element)")
            }
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
    /// No dead letter with this number is waiting.
    case notWaiting(id: Int64)
    /// This Weir has no such stream: another version, or another program, stored the dead letter.
    case unknownStream(id: Int64, stream: String)

    package var description: String {
        switch self {
        case .notWaiting(let id):
            "there is no dead letter \(id) that waits for a decision; `weir dead-letters list` shows those that do"
        case .unknownStream(let id, let stream):
            "dead letter \(id) is of the stream '\(stream)', which this Weir does not know: retry it with the version "
                + "that stored it, or drop it"
        }
    }
}
