import Core
package import Ingest
import Postgres
package import WeirApp

/// Implements `weir dead-letters`.
package struct DeadLetterDesk: Sendable {
    /// The outcomes of the named dead letters.
    package struct Outcome: Sendable {
        struct Decision: Sendable {
            let id: Int64
            let isDone: Bool
            let words: String
        }

        let decisions: [Decision]

        /// Whether all of them were found and retried or dropped.
        package var isComplete: Bool { decisions.allSatisfy(\.isDone) }

        /// A line for each dead letter.
        package var lines: [String] {
            guard !decisions.isEmpty else { return ["no dead letters"] }
            return decisions.flatMap { TextLayout.wrapped($0.words, first: "\($0.id)  ") }
        }

        /// An array with an object for each dead letter.
        package var json: String {
            var writer = JSONWriter()
            writer.array { list in
                for decision in decisions {
                    list.object { object in
                        object.member("id", decision.id)
                        object.member("done", decision.isDone)
                        object.member("outcome", decision.words)
                    }
                }
            }
            return writer.text
        }
    }

    private let database: DatabaseSession
    private let streams: [JournalStream]

    /// Works on the dead letters of a database.
    package init(_ database: DatabaseSession, _ features: [Feature] = Feature.all) {
        self.database = database
        streams = features.flatMap(\.streams)
    }

    /// A line for each waiting dead letter, or two with its body.
    package func list(stream: String?, limit: Int, withBodies: Bool) async throws -> [String] {
        let (letters, count) = try await database.pool.withConnection { connection in
            (
                try DeadLetterStore.fetchWaiting(stream: stream, limit: limit, on: connection),
                try DeadLetterStore.count(on: connection)
            )
        }
        guard !letters.isEmpty else { return ["no dead letters"] }
        var lines = letters.flatMap { letter in
            let time = "\(letter.receivedAt.description.prefix(19))Z"
            let head = "\(letter.id)  \(letter.stream)  \(letter.kind)  line \(letter.seq)  \(time)"
            let reason = "\(letter.refusal.sqlState) \(letter.refusal.reason)"
            let body =
                withBodies ? ["    " + TerminalText.value(String(decoding: letter.body, as: UTF8.self))] : []
            return [TerminalText.value(head)] + TextLayout.wrapped(TerminalText.value(reason), first: "    ")
                + body
        }
        if count > letters.count { lines.append("\(count) are waiting in total") }
        return lines
    }

    /// An array with an object for each waiting dead letter; its body as a text.
    package func listJSON(stream: String?, limit: Int, withBodies: Bool) async throws -> String {
        let letters = try await database.pool.withConnection { connection in
            try DeadLetterStore.fetchWaiting(stream: stream, limit: limit, on: connection)
        }
        var writer = JSONWriter()
        writer.array { list in
            for letter in letters {
                list.object { object in
                    object.member("id", letter.id)
                    object.member("stream", letter.stream)
                    object.member("kind", letter.kind)
                    object.member("line", letter.seq)
                    object.member("received_at", letter.receivedAt, offset: .z)
                    object.member("sqlstate", letter.refusal.sqlState)
                    object.member("reason", letter.refusal.reason)
                    if withBodies { object.member("body", String(decoding: letter.body, as: UTF8.self)) }
                }
            }
        }
        return writer.text
    }

    /// Retries dead letters; nil is all. A dead letter can be retried successfully only once.
    package func retry(_ ids: [Int64]?) async throws -> Outcome {
        let streams = streams
        return try await decide(ids) { id, connection in
            guard let refusal = try streams.retryDeadLetter(id, on: connection) else {
                return (true, "loaded")
            }
            return (false, TerminalText.value("refused again: \(refusal.sqlState) \(refusal.reason)"))
        }
    }

    /// Drops dead letters; nil is all.
    package func drop(_ ids: [Int64]?) async throws -> Outcome {
        try await decide(ids) { id, connection in
            guard try DeadLetterStore.decide(id: id, .dropped, on: connection) else {
                throw DeadLetterError.notWaiting(id: id)
            }
            return (true, "dropped")
        }
    }

    /// Handles the dead letters one by one; finished ones stay finished when a later one fails.
    private func decide(
        _ ids: [Int64]?,
        _ action:
            @escaping @Sendable (_ id: Int64, _ connection: Connection) throws -> (
                isDone: Bool, words: String
            )
    ) async throws -> Outcome {
        let chosen: [Int64]
        if let ids {
            chosen = ids
        } else {
            chosen = try await allWaiting()
        }
        var decisions: [Outcome.Decision] = []
        for id in chosen {
            do {
                let result = try await database.pool.withConnection { try action(id, $0) }
                decisions.append(Outcome.Decision(id: id, isDone: result.isDone, words: result.words))
            } catch let error as DeadLetterError {
                decisions.append(Outcome.Decision(id: id, isDone: false, words: "\(error)"))
            }
        }
        return Outcome(decisions: decisions)
    }

    private func allWaiting() async throws -> [Int64] {
        try await database.pool.withConnection { try DeadLetterStore.fetchWaitingIDs(on: $0) }
    }
}
