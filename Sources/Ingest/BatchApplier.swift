internal import Core
internal import Journal
internal import Postgres
internal import Synchronization

/// Applies a batch of lines in one transaction: rows, dead letters and the position, or nothing at all.
///
/// A stage that PostgreSQL refuses for the data is undone and tried again by halves, until the element that it
/// refuses stands alone: that one becomes a dead letter, and all others their rows.
struct BatchApplier<P: Projection> {
    /// An element and the line it came from.
    private struct Item {
        let line: JournalLine
        let index: Int
        var element: P.Element
    }

    /// What a batch came to.
    struct Outcome {
        var lines: Int
        var deadLetters: Int
        var elements: [P.Element]
    }

    let projection: P
    let journal: UUID128

    /// Prepares a connection that has not been used for this projection yet.
    func prepareSession(_ connection: Connection, _ prepared: borrowing Mutex<UInt64?>) throws {
        guard prepared.withLock({ $0 != connection.sessionID }) else { return }
        try projection.prepare(connection)
        prepared.withLock { $0 = connection.sessionID }
    }

    /// Applies `lines` and lets `finish` write what else belongs into the transaction: the position.
    ///
    /// - Throws: `PostgresError` of a kind that repeating may mend, or that is our own mistake; nothing is applied.
    func apply(
        _ lines: [JournalLine],
        on connection: Connection,
        finish: (Connection) throws -> Void
    ) throws -> Outcome {
        var letters: [DeadLetter] = []
        var items = decode(lines, &letters)
        try projection.prepare(items.map(\.element), on: connection)
        try connection.transaction {
            for stage in 0..<projection.stageCount {
                items = try run(stage: stage, items[...], &letters, connection)
            }
            try DeadLetterStore.insert(letters, on: connection)
            try finish(connection)
        }
        return Outcome(lines: lines.count, deadLetters: letters.count, elements: items.map(\.element))
    }

    private func decode(_ lines: [JournalLine], _ letters: inout [DeadLetter]) -> [Item] {
        var items: [Item] = []
        items.reserveCapacity(lines.count)
        for line in lines {
            do throws(Refusal) {
                let elements = try projection.decode(line, journal: journal)
                for (index, element) in elements.enumerated() {
                    items.append(Item(line: line, index: index, element: element))
                }
            } catch {
                letters.append(letter(line, 0, error))
            }
        }
        return items
    }

    /// The items that the stage took, in order.
    private func run(
        stage: Int,
        _ items: ArraySlice<Item>,
        _ letters: inout [DeadLetter],
        _ connection: Connection
    ) throws -> [Item] {
        guard let first = items.first else { return [] }
        do {
            return try connection.savepoint("stage") {
                var elements = items.map(\.element)
                try projection.apply(stage: stage, to: &elements, on: connection)
                return zip(items, elements).map { item, element in
                    Item(line: item.line, index: item.index, element: element)
                }
            }
        } catch let error as PostgresError where error.kind == .refusedData {
            guard items.count > 1 else {
                let refusal = Refusal(sqlState: error.sqlState ?? "", reason: error.description)
                letters.append(letter(first.line, first.index, refusal))
                return []
            }
            let middle = items.startIndex + items.count / 2
            let before = try run(stage: stage, items[..<middle], &letters, connection)
            return try before + run(stage: stage, items[middle...], &letters, connection)
        }
    }

    private func letter(_ line: JournalLine, _ index: Int, _ refusal: Refusal) -> DeadLetter {
        DeadLetter(
            journalID: journal,
            seq: line.seq,
            element: index,
            stream: projection.stream,
            kind: line.kind,
            receivedAt: line.at,
            refusal: refusal,
            body: Array(line.body)
        )
    }
}
