import Foundation
import Journal
import Testing

@Suite struct `Merging` {
    private func all(_ merge: inout JournalMerge) throws -> [MergedLine] {
        var lines: [MergedLine] = []
        while let line = try merge.next() { lines.append(line) }
        return lines
    }

    @Test func `lines of several journals come by time, then journal, then number`() async throws {
        let clock = ManualClock()
        let fixtures = (0..<3).map { _ in JournalFixture(clock: clock) }
        let journals = try fixtures.map { try $0.open() }
        // Rounds of equal time, one line less in each journal than in the one before.
        for round in 0..<5 {
            for (index, journal) in journals.enumerated() {
                for line in 0..<(3 - index) { try await journal.append("\(round) \(index) \(line)") }
            }
            clock.advance(seconds: 40_000)
        }
        for journal in journals.dropLast() { journal.close() }
        var merge = try JournalMerge(directories: fixtures.map(\.directory), codec: nil)
        let lines = try all(&merge)
        let ids = journals.map(\.id)
        let expected = (0..<5).flatMap { round in
            (0..<3).sorted { ids[$0] < ids[$1] }.flatMap { index in
                (0..<(3 - index)).map { "\(round) \(index) \($0)" }
            }
        }
        #expect(lines.map(\.line).texts == expected)
        #expect(lines.allSatisfy { $0.journal == ids[Int($0.line.texts(at: 1)) ?? -1] })
        #expect(merge.ends.map(\.seq) == [15, 10, 5])
        #expect(merge.ends.map(\.journal) == ids)
        #expect(merge.damage.isEmpty)
        // The last one was being written all the time.
        try await journals[2].append("still open")
        journals[2].close()
    }

    @Test func `a torn or damaged directory is read as far as it goes, and not changed`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        for text in ["one", "two", "three"] { try await journal.append(text) }
        journal.close()
        let name = "events_20261120.ndjson"
        var bytes = try fixture.contents(of: name)
        bytes[try fixture.range(ofLine: 2, in: name).lowerBound + 50] ^= 1
        bytes += Array("{\"crc\":\"torn".utf8)
        try fixture.overwrite(name, with: bytes)
        var merge = try JournalMerge(directories: [fixture.directory], codec: nil)
        #expect(try all(&merge).map(\.line).texts == ["one", "three"])
        #expect(merge.damage.contains { $0.missing == 2...2 })
        #expect(try fixture.contents(of: name) == bytes)
    }

    @Test func `a directory of bare segments is enough, an empty one adds nothing, a copy is refused`()
        async throws
    {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        try await journal.append("one")
        let id = journal.id
        journal.close()
        let empty = JournalFixture()
        try empty.open().close()
        var merge = try JournalMerge(directories: [fixture.segmentDirectory, empty.directory], codec: nil)
        #expect(try all(&merge).map(\.line).texts == ["one"])
        #expect(merge.ends.map(\.journal) == [id])
        let twice = [fixture.directory, fixture.segmentDirectory]
        #expect(throws: JournalError.sameJournalTwice(twice[0], twice[1])) {
            _ = try JournalMerge(directories: twice, codec: nil)
        }
    }
}

extension JournalLine {
    fileprivate func texts(at index: Int) -> Substring {
        text.dropFirst().dropLast().split(separator: " ")[index]
    }
}
