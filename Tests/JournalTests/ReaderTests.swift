import Dispatch
import Foundation
import Journal
import Synchronization
import Testing

@Suite struct `Reading` {
    /// Thirty lines of alternating kinds.
    private func fill(_ journal: Journal) async throws {
        for index in 0..<30 {
            try await journal.append(
                "line \(index)",
                kind: index.isMultiple(of: 3) ? "runs.batch/1" : "nextflow.event/1"
            )
        }
    }

    @Test(arguments: [1, 7, 100], [0, 600, 1 << 20])
    func `memory and disk give the same lines`(maxLines: Int, windowBytes: Int) async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open {
            $0.configuration.windowBytes = windowBytes
            $0.configuration.segmentBytes = 1500
        }
        defer { journal.close() }
        try await fill(journal)
        for start: Int64 in [0, 1, 13, 29, 30] {
            let rest = try journal.reader(after: start).rest(maxLines: maxLines)
            #expect(rest.lines.seqs == Array((start + 1)..<31))
            #expect(rest.lines.texts == (start..<30).map { "line \($0)" })
            #expect(rest.position == 30)
            #expect(rest.damage.isEmpty)
        }
    }

    @Test(arguments: [0, 1 << 20])
    func `a reader of some kinds moves past the others`(windowBytes: Int) async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open { $0.configuration.windowBytes = windowBytes }
        defer { journal.close() }
        try await fill(journal)
        let reader = journal.reader(after: 0, kinds: ["runs.batch/1"])
        let rest = try reader.rest(maxLines: 4)
        #expect(rest.lines.seqs == stride(from: 1, to: 31, by: 3).map { Int64($0) })
        #expect(Set(rest.lines.map(\.kind)) == ["runs.batch/1"])
        #expect(reader.position == 30)
        #expect(reader.lag == 0)
        #expect(try journal.lines(kinds: ["nextflow.event/1", "runs.batch/1"]).count == 30)
        #expect(try journal.lines(kinds: ["other.kind/1"]).isEmpty)
    }

    @Test(arguments: [0, 1 << 20])
    func `a kind is wanted with its version, and no kind that begins like it`(windowBytes: Int) async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open { $0.configuration.windowBytes = windowBytes }
        defer { journal.close() }
        for version in [1, 10, 11, 2, 1] {
            try await journal.append(kind: "nextflow.event/\(version)", body: Array("1".utf8))
        }
        #expect(try journal.lines(kinds: ["nextflow.event/1"]).seqs == [1, 5])
        #expect(try journal.lines(kinds: ["nextflow.event/10", "nextflow.event/2"]).seqs == [2, 4])
        #expect(try journal.lines(kinds: ["nextflow.event/"]).isEmpty)
    }

    @Test(arguments: [0, 1 << 20])
    func `a step ends after about as many bytes as asked for, and always brings a line`(windowBytes: Int)
        async throws
    {
        let fixture = JournalFixture()
        let journal = try fixture.open { $0.configuration.windowBytes = windowBytes }
        defer { journal.close() }
        let body = Array("\"\(String(repeating: "x", count: 998))\"".utf8)
        for _ in 0..<10 { try await journal.append(kind: "k/1", body: body) }
        let reader = journal.reader(after: 0)
        #expect(try reader.next(maxLines: 100, maxBytes: 3000).lines.seqs == [1, 2, 3])
        let one = try reader.next(maxLines: 100, maxBytes: 1)
        #expect(one.lines.seqs == [4])
        #expect(one.position == 4 && !one.isCaughtUp)
    }

    @Test func `a reader that fell out of memory goes on from disk, and back`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open { $0.configuration.windowBytes = 2000 }
        defer { journal.close() }
        let reader = journal.reader(after: 0)
        var seen: [Int64] = []
        for round in 1...5 {
            for _ in 0..<(round * 8) { try await journal.append("x") }
            seen += try reader.next(maxLines: 5, maxBytes: 1 << 20).lines.seqs
            seen += try reader.rest(maxLines: 3).lines.seqs
        }
        #expect(seen == Array(1...120))
    }

    @Test func `a reader can be set back`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        defer { journal.close() }
        try await fill(journal)
        let reader = journal.reader(after: 0)
        _ = try reader.rest()
        reader.seek(after: 28)
        #expect(try reader.rest().lines.seqs == [29, 30])
    }

    @Test func `a line is not seen before its sync`() async throws {
        let fixture = JournalFixture()
        let reached = DispatchSemaphore(value: 0)
        let gate = DispatchSemaphore(value: 0)
        let journal = try fixture.open { setup in
            setup.configuration.windowBytes = 0
            let real = setup.files.synchronize
            setup.files.synchronize = { descriptor in
                reached.signal()
                gate.wait()
                return real(descriptor)
            }
        }
        let reader = journal.reader(after: 0)
        async let position = journal.append(kind: "k/1", body: [0x31])
        await reached.arrival()
        #expect(try reader.rest().lines.isEmpty)
        gate.signal()
        #expect(try await position.seq == 1)
        #expect(try reader.rest().lines.seqs == [1])
        gate.signal()
        journal.close()
    }

    @Test func `waiting ends with a new line, at once if there is one, and with the journal`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        let reader = journal.reader(after: 0)
        async let wait: Void = reader.waitForMore()
        try await journal.append("one")
        await wait
        await reader.waitForMore()
        #expect(try reader.rest().lines.seqs == [1])
        async let end: Void = reader.waitForMore()
        journal.close()
        await end
        await reader.waitForMore()
    }

    @Test func `waiting ends when its task is cancelled`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        defer { journal.close() }
        let reader = journal.reader(after: 0)
        let task = Task { await reader.waitForMore() }
        task.cancel()
        await task.value
        #expect(reader.lag == 0)
    }

    @Test(arguments: [4096, 1 << 20])
    func `many writers and readers at once agree on one order`(windowBytes: Int) async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open {
            $0.configuration.windowBytes = windowBytes
            $0.configuration.segmentBytes = 20_000
            $0.configuration.prefillBytes = 8192
        }
        let total = 8 * 100
        let readers = (0..<3).map { _ in journal.reader(after: 0) }
        let results = try await withThrowingTaskGroup(of: [String].self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for index in 0..<100 { try await journal.append("\(writer) \(index)") }
                    return []
                }
            }
            for reader in readers {
                group.addTask {
                    var texts: [String] = []
                    while reader.position < total {
                        await reader.waitForMore()
                        texts += try reader.next(maxLines: 17, maxBytes: 1 << 20).lines.texts
                    }
                    return texts
                }
            }
            return try await group.reduce(into: [[String]]()) { if !$1.isEmpty { $0.append($1) } }
        }
        #expect(results.count == 3)
        #expect(Set(results).count == 1)
        let order = try #require(results.first)
        #expect(Set(order).count == total)
        for writer in 0..<8 {
            #expect(order.filter { $0.hasPrefix("\(writer) ") } == (0..<100).map { "\(writer) \($0)" })
        }
        journal.close()
        let again = try fixture.open()
        defer { again.close() }
        #expect(try again.lines().texts == order)
    }
}

extension DispatchSemaphore {
    func arrival() async {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.wait()
                continuation.resume()
            }
        }
    }
}
