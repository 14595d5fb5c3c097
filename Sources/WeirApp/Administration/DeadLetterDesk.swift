import Core
import Ingest
import Postgres

/// What `weir dead-letters` does.
package struct DeadLetterDesk: Sendable {
    /// What became of the letters that were named.
    package struct Outcome: Sendable {
        package let lines: [String]
        /// Whether all of them were found and dealt with.
        package let isComplete: Bool
    }

    private let database: DatabaseSession

    /// Works on the dead letters of a database.
    package init(_ database: DatabaseSession) {
        self.database = database
    }

    /// A line for each that waits, or two with its body.
    package func list(stream: String?, limit: Int, withBodies: Bool) async throws -> [String] {
        let (letters, count) = try await database.pool.withConnection { connection in
            (
                try DeadLetterStore.fetchWaiting(stream: stream, limit: limit, on: connection),
                try DeadLetterStore.count(on: connection)
            )
        }
        guard !letters.isEmpty else { return ["no dead letters"] }
        var lines = letters.flatMap { letter in
            let head =
                "\(letter.id)  \(letter.stream)  \(letter.kind)  line \(letter.seq)  \(letter.receivedAt)"
            let reason = "\(letter.refusal.sqlState) \(letter.refusal.reason)"
            return [head + "  " + reason]
                + (withBodies ? ["    " + String(decoding: letter.body, as: UTF8.self)] : [])
        }
        if count > letters.count { lines.append("\(count) wait in all") }
        return lines
    }

    /// Loads letters once more; nil is all. Each can be retried once.
    package func retry(_ ids: [Int64]?) async throws -> Outcome {
        try await decide(ids) { id, connection in
            guard let refusal = try Features.retryDeadLetter(id, on: connection) else {
                return (true, "loaded")
            }
            return (false, "refused again: \(refusal.sqlState) \(refusal.reason)")
        }
    }

    /// Lets letters go; nil is all.
    package func drop(_ ids: [Int64]?) async throws -> Outcome {
        try await decide(ids) { id, connection in
            guard try DeadLetterStore.decide(id: id, .dropped, on: connection) else {
                throw DeadLetterError.notWaiting(id: id)
            }
            return (true, "dropped")
        }
    }

    /// Deals with one letter after the other; what is done stays done when a later one fails.
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
        var lines: [String] = []
        var isComplete = true
        for id in chosen {
            do {
                let result = try await database.pool.withConnection { try action(id, $0) }
                lines.append("\(id)  \(result.words)")
                isComplete = isComplete && result.isDone
            } catch let error as DeadLetterError {
                lines.append("\(id)  \(error)")
                isComplete = false
            }
        }
        return Outcome(lines: lines.isEmpty ? ["no dead letters"] : lines, isComplete: isComplete)
    }

    private func allWaiting() async throws -> [Int64] {
        try await database.pool.withConnection { connection in
            var ids: [Int64] = []
            while true {
                let page = try DeadLetterStore.fetchWaiting(after: ids.last ?? 0, limit: 1000, on: connection)
                ids += page.map(\.id)
                if page.count < 1000 { return ids }
            }
        }
    }
}
