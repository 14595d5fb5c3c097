import Core
import Journal
import Postgres
import TestKit
import Testing

@testable import Ingest

@Suite struct `A loader` {
    @Test func `applies what was journaled before it came and what comes after`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        for value in 1...120 { _ = try await journal.append(note: "[\(value * 2)]") }
        let (progress, task) = harness.load(journal)
        try await progress.reach(120)
        let last = try await journal.append(note: "[1000]")
        try await progress.reach(last)
        task.cancel()
        await task.value

        #expect(try harness.rows("SELECT count(*), count(DISTINCT seq) FROM even_note") == ["121|121"])
        #expect(try harness.rows("SELECT seq FROM journal_position") == ["121"])
    }

    @Test func `goes on where it stopped, each line once`() async throws {
        let harness = try IngestHarness()
        for round in 1...4 {
            let journal = try harness.openJournal()
            for value in 1...30 { _ = try await journal.append(note: "[\(value * 2)]") }
            _ = try await harness.loadAll(journal)
            journal.close()
            #expect(try harness.rows("SELECT count(*) FROM raw_note") == ["\(round * 30)"])
        }
        #expect(try harness.rows("SELECT count(DISTINCT seq) FROM raw_note") == ["120"])
    }

    @Test func `skips lines of other kinds and still moves on`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        _ = try await journal.append(note: "[2]")
        _ = try await journal.append(kind: "other/1", body: Array("{}".utf8))
        _ = try await harness.loadAll(journal)

        #expect(try harness.rows("SELECT seq FROM journal_position") == ["2"])
        #expect(try harness.rows("SELECT seq FROM raw_note") == ["1"])
    }

    @Test func `makes dead letters of what PostgreSQL refuses, and of nothing else`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        for value in 1...40 { _ = try await journal.append(note: value == 17 ? "[6,7,8]" : "[\(value * 2)]") }
        _ = try await journal.append(note: "nonsense")
        let snapshot = try await harness.loadAll(journal)

        #expect(snapshot.deadLetters == 2)
        #expect(
            try harness.rows("SELECT seq, element, stage, sql_state, body FROM dead_letter ORDER BY seq")
                == ["17|1|1|23514|[6,7,8]", "41|0|0|WEIR1|nonsense"]
        )
        #expect(try harness.rows("SELECT count(*) FROM raw_note") == ["42"])
        #expect(try harness.rows("SELECT count(*) FROM even_note") == ["41"])
    }

    @Test func `stops loudly at a mistake of our own, without dead letters, and goes on when it is mended`()
        async throws
    {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        try harness.execute("ALTER TABLE even_note RENAME TO hidden")
        let (progress, task) = harness.load(journal)
        let seq = try await journal.append(note: "[2]")
        while progress.snapshot.state != .stopped(reason: "programming") {
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(try harness.rows("SELECT count(*) FROM dead_letter") == ["0"])

        try harness.execute("ALTER TABLE hidden RENAME TO even_note")
        try await progress.reach(seq)
        task.cancel()
        await task.value
        #expect(try harness.rows("SELECT count(*) FROM even_note") == ["1"])
    }

    @Test func `loses nothing and doubles nothing while PostgreSQL is killed again and again`() async throws {
        let cluster = try TemporaryCluster.make()
        defer { cluster.remove() }
        let harness = try IngestHarness(cluster: cluster)
        let journal = try harness.openJournal()
        defer { journal.close() }
        let (progress, task) = harness.load(journal)
        var last: Int64 = 0
        for _ in 1...3 {
            for value in 1...200 { last = try await journal.append(note: "[\(value * 2)]") }
            cluster.kill9()
            for value in 1...200 { last = try await journal.append(note: "[\(value * 2)]") }
            try cluster.start()
        }
        try await progress.reach(last)
        task.cancel()
        await task.value

        #expect(try harness.rows("SELECT count(*), count(DISTINCT seq) FROM even_note") == ["1200|1200"])
    }

    @Test func `never skips the lines of a journal that was put back from a backup`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        for _ in 1...10 { _ = try await journal.append(note: "[2]") }
        _ = try await harness.loadAll(journal)
        let id = journal.id
        journal.close()
        // PostgreSQL has seen ten lines more of this journal than the copy that was put back.
        try harness.execute("UPDATE journal_position SET seq = 20, epoch = epoch + 5")

        let restored = try harness.openJournal()
        defer { restored.close() }
        for _ in 1...5 { _ = try await restored.append(note: "[4]") }
        _ = try await harness.loadAll(restored)

        #expect(restored.id != id)
        #expect(try harness.rows("SELECT count(*) FROM even_note WHERE value = 4") == ["5"])
        #expect(try harness.rows("SELECT count(*) FROM even_note WHERE value = 2") == ["10"])
    }
}

@Suite struct `A stream among others` {
    @Test func `passes lines that are not its own without a transaction for each`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        _ = try await journal.append(note: "[2]")
        let (progress, task) = harness.load(journal)
        try await progress.reach(1)
        for _ in 1...20 {
            _ = try await journal.append(kind: "other/1", body: Array("1".utf8))
            try await progress.reach(journal.durableSeq)
        }
        let passed = progress.snapshot
        #expect(passed.appliedSeq == 21 && passed.storedSeq == 1 && passed.batches == 1)
        #expect(try harness.rows("SELECT seq FROM journal_position") == ["1"])
        _ = try await journal.append(note: "[4]")
        try await progress.reach(22)
        #expect(progress.snapshot.storedSeq == 22)
        #expect(try harness.rows("SELECT seq FROM journal_position") == ["22"])
        task.cancel()
        await task.value
        // What is read again after a restart is passed again, and applied once.
        _ = try await journal.append(kind: "other/1", body: Array("1".utf8))
        _ = try await harness.loadAll(journal)
        #expect(try harness.rows("SELECT value FROM even_note ORDER BY value") == ["2", "4"])
    }
}

@Suite struct `A dead letter` {
    @Test func `is applied once when what refused it was mended`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        _ = try await journal.append(note: "[2,3,4]")
        _ = try await harness.loadAll(journal)
        let streams = [JournalStream(NoteProjection(), table: "raw_note")]

        func attempt() throws -> Refusal? {
            try Connection.withTemporary(harness.target) { try streams.retryDeadLetter(1, on: $0) }
        }
        #expect(try attempt()?.sqlState == "23514")
        try harness.execute("ALTER TABLE even_note DROP CONSTRAINT even_note_value_check")
        #expect(try attempt() == nil)
        #expect(throws: DeadLetterError.notWaiting(id: 1)) { try attempt() }

        #expect(try harness.rows("SELECT value FROM even_note ORDER BY value") == ["2", "3", "4"])
        #expect(try harness.rows("SELECT count(*) FROM raw_note") == ["3"])
        #expect(try harness.rows("SELECT state FROM dead_letter") == ["retried"])
    }

    @Test func `keeps what its line says beside the body, and is retried with it`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        let members = LineMembers(bytes: Array(#""add":1,"#.utf8))
        _ = try await journal.append(kind: NoteProjection.kind, members: members, body: Array("[3]".utf8))
        _ = try await harness.loadAll(journal)
        #expect(try harness.rows("SELECT members FROM dead_letter") == [#""add":1,"#])
        let letter = try Connection.withTemporary(harness.target) { connection in
            try DeadLetterStore.fetchWaiting(on: connection).first
        }
        #expect(letter?.members == members)
    }

    @Test func `of a stream that nobody knows is an error that names the stream`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        defer { journal.close() }
        _ = try await journal.append(note: "[3]")
        _ = try await harness.loadAll(journal)
        try harness.execute("UPDATE dead_letter SET stream = 'songs'")
        let streams = [JournalStream(NoteProjection(), table: "raw_note")]
        #expect(throws: DeadLetterError.unknownStream(id: 1, stream: "songs")) {
            try Connection.withTemporary(harness.target) { _ = try streams.retryDeadLetter(1, on: $0) }
        }
        #expect(try harness.rows("SELECT state FROM dead_letter") == ["waiting"])
        #expect(DeadLetterError.unknownStream(id: 1, stream: "songs").description.contains("'songs'"))
    }
}

@Suite struct `A replay` {
    @Test func `rebuilds the rows of several journals, and serve goes on from there`() async throws {
        let (first, second) = (try IngestHarness(), try IngestHarness())
        for harness in [first, second] {
            let journal = try harness.openJournal()
            for value in 1...25 { _ = try await journal.append(note: "[\(value * 2)]") }
            _ = try await journal.append(note: "[3]")
            // A kind of another version is not the stream's.
            _ = try await journal.append(kind: NoteProjection.kind + "0", body: Array("[1000]".utf8))
            journal.close()
        }
        let progress = try Connection.withTemporary(first.target) { connection in
            try Replay([JournalStream(NoteProjection(), table: "raw_note")])
                .run([first.directory, second.directory], codec: nil, on: connection) { _ in }
        }
        #expect(progress.lines == 54)
        #expect(progress.deadLetters == 2)
        #expect(try first.rows("SELECT count(*) FROM even_note") == ["50"])
        #expect(try first.rows("SELECT count(*) FROM raw_note WHERE value = 1000") == ["0"])

        let journal = try first.openJournal()
        defer { journal.close() }
        _ = try await journal.append(note: "[100]")
        _ = try await first.loadAll(journal)
        #expect(try first.rows("SELECT count(*) FROM even_note") == ["51"])
    }

    @Test func `refuses a database that has rows`() async throws {
        let harness = try IngestHarness()
        let journal = try harness.openJournal()
        _ = try await journal.append(note: "[2]")
        _ = try await harness.loadAll(journal)
        journal.close()

        #expect(throws: Replay.Failure.notEmpty(table: "raw_note")) {
            try Connection.withTemporary(harness.target) { connection in
                _ = try Replay([JournalStream(NoteProjection(), table: "raw_note")])
                    .run([harness.directory], codec: nil, on: connection) { _ in }
            }
        }
    }
}
