import Core
import Journal
import Logging
import TestKit
import Testing

@testable import Ingest

/// The writer of a line gets the outcome of that line, and of no other.
@Suite("Outcomes of lines", .serialized)
struct OutcomeBoardTests {
    private let harness: IngestHarness
    private let journal: Journal
    private let progress = StreamProgress(stream: "notes")

    init() throws {
        harness = try IngestHarness()
        journal = try harness.openJournal()
        progress.turned(.running)
    }

    private func append(_ board: OutcomeBoard<String, String>) async throws -> String {
        switch try await board.append(to: journal, kind: "note/1", body: Array("1".utf8)) {
        case .applied(let value): value
        case .refused: "refused"
        case .pending(let delay): "pending: \(delay)"
        }
    }

    @Test("outcomes find their writers, also when they are settled before the writer knows its line")
    func settled() async throws {
        let board = OutcomeBoard<String, String>(progress: progress)
        let loading = Task { [journal, progress] in
            var applied: Int64 = 0
            while applied < 50 {
                let durable = journal.durableSeq
                if durable > applied {
                    board.settle(
                        Dictionary(uniqueKeysWithValues: (applied + 1...durable).map { ($0, "line \($0)") })
                    )
                    progress.applied(through: durable, at: nil, lines: 1, deadLetters: 0)
                    applied = durable
                }
                await Task.yield()
            }
        }
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await append(board) } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        await loading.value
        #expect(answers == Set((1...50).map { "line \($0)" }))
    }

    @Test("a line that is applied without an outcome was refused")
    func refused() async throws {
        let board = OutcomeBoard<String, String>(progress: progress)
        progress.applied(through: 1, at: nil, lines: 1, deadLetters: 1)
        #expect(try await append(board) == "refused")
    }

    @Test("with PostgreSQL away, or too slow, the outcome is pending; a later one is nobody's")
    func pending() async throws {
        let board = OutcomeBoard<String, String>(progress: progress, patience: .milliseconds(20))
        #expect(try await append(board) == "pending: slow")
        progress.turned(.backingOff(reason: "unreachable"))
        #expect(try await append(board) == "pending: away")
        progress.turned(.backingOff(reason: "transient"))
        #expect(try await append(board) == "pending: slow")
        progress.turned(.stopped(reason: "programming"))
        #expect(try await append(board) == "pending: stopped")
        board.settle([1: "late", 2: "late"])
        #expect(board.keptOutcomes == 0)
        progress.turned(.running)
        #expect(try await append(board) == "pending: slow")
    }

    @Test("more than ten thousand lines that are settled before their writers know them lose no outcome")
    func manyAtOnce() async throws {
        let writers = 12_000
        let board = OutcomeBoard<String, String>(progress: progress)
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<writers { group.addTask { try await append(board) } }
            var applied: Int64 = 0
            // In many steps, so that writers come and go meanwhile; none of them is told before its own step.
            while applied < writers {
                let durable = journal.durableSeq
                board.settle(
                    Dictionary(uniqueKeysWithValues: (applied..<durable).map { ($0 + 1, "line \($0 + 1)") })
                )
                progress.applied(through: durable, at: nil, lines: 1, deadLetters: 0)
                applied = durable
                await Task.yield()
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(answers == Set((1...writers).map { "line \($0)" }))
        #expect(board.keptOutcomes == 0)
    }

    @Test("what was read of a line is handed over once, and only while its writer waits")
    func parsed() async throws {
        let board = OutcomeBoard<String, String>(progress: progress)
        let writing = Task { [journal] in
            try await board.append(to: journal, kind: "note/1", body: Array("1".utf8), parsed: "one")
        }
        var taken = board.takeParsed(1)
        while taken == nil {
            await Task.yield()
            taken = board.takeParsed(1)
        }
        #expect(taken == "one" && board.takeParsed(1) == nil)
        progress.applied(through: 1, at: nil, lines: 1, deadLetters: 0)
        _ = try await writing.value
        progress.applied(through: 2, at: nil, lines: 1, deadLetters: 0)
        _ = try await board.append(to: journal, kind: "note/1", body: Array("2".utf8), parsed: "two")
        #expect(board.takeParsed(2) == nil)
    }
}
