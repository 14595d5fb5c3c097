internal import Core
internal import Journal
internal import Postgres
internal import Synchronization

/// Applies a batch of lines in one transaction: rows, dead letters and the position, or nothing at all.
///
/// When PostgreSQL refuses the data of a stage, the stage is rolled back and tried again by halves, until the refused
/// element is alone: it becomes a dead letter, and all others become rows.
struct BatchApplier<P: Projection>: Sendable {
    /// A line and its journal: a replay mixes several journals.
    struct Entry: Sendable {
        let journal: UUID128
        let line: JournalLine
    }

    /// An element and the line it came from.
    struct Item: Sendable {
        let entry: Entry
        let index: Int
        var element: P.Element
    }

    /// The result of a batch.
    struct Outcome: Sendable {
        var lines: Int
        var deadLetters: Int
        /// Lines whose dead letters PostgreSQL refused in every form; only the journal holds them.
        var unstored: [Int64]
        var elements: [P.Element]
    }

    let projection: P

    /// Prepares a connection that has not been used for this projection yet.
    func prepareSession(_ connection: Connection, _ prepared: borrowing Mutex<UInt64?>) throws {
        guard prepared.withLock({ $0 != connection.sessionID }) else { return }
        try projection.prepare(connection)
        prepared.withLock { $0 = connection.sessionID }
    }

    /// Decoded lines: elements that can become rows, and lines that could not be decoded.
    struct Batch: Sendable {
        fileprivate let lines: Int
        fileprivate let items: [Item]
        fileprivate let letters: [DeadLetter]

        /// The lines of this batch, then those of another one.
        func followed(by other: Batch) -> Batch {
            Batch(lines: lines + other.lines, items: items + other.items, letters: letters + other.letters)
        }
    }

    /// Decodes lines. Needs no connection, so that a batch is decoded while the previous one is applied.
    func decode(_ entries: [Entry]) -> Batch {
        var letters: [DeadLetter] = []
        let items = decode(entries, &letters)
        return Batch(lines: entries.count, items: items, letters: letters)
    }

    /// Applies a batch and lets `finish` write the position in the same transaction.
    ///
    /// - Throws: `PostgresError` that a retry may resolve, or that is a bug of Weir; nothing is applied.
    func apply(
        _ batch: Batch,
        on connection: Connection,
        finish: (Connection) throws -> Void
    ) throws -> Outcome {
        var letters = batch.letters
        var items = batch.items
        var unstored: [DeadLetter] = []
        try projection.prepare(items.map(\.element), on: connection)
        try connection.transaction {
            for stage in 0..<projection.stageCount {
                items = try run(stage: stage, items[...], &letters, connection)
            }
            unstored = try DeadLetterStore.insert(letters, on: connection)
            try finish(connection)
        }
        return Outcome(
            lines: batch.lines,
            deadLetters: letters.count,
            unstored: unstored.map(\.seq),
            elements: items.map(\.element)
        )
    }

    private func decode(_ entries: [Entry], _ letters: inout [DeadLetter]) -> [Item] {
        var items: [Item] = []
        items.reserveCapacity(entries.count)
        for entry in entries {
            do throws(Refusal) {
                let elements = try projection.decode(entry.line, journal: entry.journal)
                for index in elements.indices {
                    items.append(Item(entry: entry, index: index, element: elements[index]))
                }
            } catch {
                letters.append(letter(entry, 0, stage: 0, error))
            }
        }
        return items
    }

    /// Applies a stage and returns the items that PostgreSQL accepted, in order.
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
                var applied = Array(items)
                for index in applied.indices { applied[index].element = elements[index] }
                return applied
            }
        } catch let error as PostgresError where error.kind == .refusedData && items.count == 1 {
            letters.append(letter(first.entry, first.index, stage: stage, Refusal(error)))
            return []
        } catch  where items.count > 1 && Self.isMendedByHalves(error) {
            let middle = items.startIndex + items.count / 2
            let before = try run(stage: stage, items[..<middle], &letters, connection)
            return try before + run(stage: stage, items[middle...], &letters, connection)
        }
    }

    private static func isMendedByHalves(_ error: any Error) -> Bool {
        error is BatchTooLarge || (error as? PostgresError)?.kind == .refusedData
    }

    private func letter(_ entry: Entry, _ index: Int, stage: Int, _ refusal: Refusal) -> DeadLetter {
        DeadLetter(
            journalID: entry.journal,
            seq: entry.line.seq,
            element: index,
            stream: projection.stream,
            stage: stage,
            kind: entry.line.kind,
            receivedAt: entry.line.at,
            refusal: refusal,
            members: entry.line.members,
            body: Array(entry.line.body)
        )
    }
}
