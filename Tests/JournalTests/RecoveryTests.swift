import Foundation
import Journal
import Synchronization
import Testing

private let segment = "events_20261120.ndjson"
private let nextDay = "events_20261121.ndjson"

@Suite struct `Recovery` {
    /// Three lines in a closed journal.
    private func makeJournal(_ fixture: JournalFixture) async throws {
        let journal = try fixture.open()
        for text in ["one", "two", "three"] { try await journal.append(text) }
        journal.close()
    }

    /// Two lines on each of two days, in two segments.
    private func makeTwoDays(_ fixture: JournalFixture) async throws {
        let journal = try fixture.open()
        for text in ["one", "two"] { try await journal.append(text) }
        fixture.clock.set("2026-11-21T00:00:00Z")
        for text in ["three", "four"] { try await journal.append(text) }
        journal.close()
        #expect(try fixture.segmentNames == [segment, nextDay])
    }

    enum Tear: CaseIterable {
        case cutOff, neverWritten, flippedBit
    }

    @Test(arguments: Tear.allCases)
    func `a last line torn at any byte is cut, and nothing else`(tear: Tear) async throws {
        let fixture = JournalFixture(inMemory: true)
        try await makeJournal(fixture)
        let whole = try fixture.contents(of: segment)
        let last = try fixture.range(ofLine: 3, in: segment)
        for offset in last {
            var torn = whole
            switch tear {
            case .cutOff: torn.removeSubrange(offset...)
            case .neverWritten: torn.replaceSubrange(offset..., with: repeatElement(10, count: 5000))
            case .flippedBit: torn[offset] ^= 1
            }
            try fixture.overwrite(segment, with: torn)
            let journal = try fixture.open()
            try #require(journal.durableSeq == 2, "offset \(offset)")
            try #require(journal.damageAtOpen.isEmpty, "offset \(offset)")
            try #require(try journal.lines().texts == ["one", "two"], "offset \(offset)")
            journal.close()
            try #require(try fixture.contents(of: segment) == Array(whole[..<last.lowerBound]))
        }
        let journal = try fixture.open()
        #expect(try await journal.append("new") == 3)
        let rest = try journal.reader(after: 0).rest()
        #expect(rest.lines.texts == ["one", "two", "new"])
        #expect(rest.damage.isEmpty)
        journal.close()
        let again = try fixture.open()
        defer { again.close() }
        #expect(try again.reader(after: 0).rest().damage.isEmpty)
        #expect(again.durableSeq == 3)
    }

    @Test func `a complete line at the end is kept though nobody saw it acknowledged`() async throws {
        let fixture = JournalFixture()
        try await makeJournal(fixture)
        let whole = try fixture.contents(of: segment)
        try fixture.overwrite(segment, with: whole + [UInt8](repeating: 10, count: 100_000))
        let journal = try fixture.open()
        defer { journal.close() }
        #expect(try journal.lines().texts == ["one", "two", "three"])
        #expect(try fixture.contents(of: segment) == whole)
    }

    @Test func `garbage in the middle of the last segment is told, and what follows is kept`() async throws {
        let fixture = JournalFixture(inMemory: true)
        try await makeJournal(fixture)
        let whole = try fixture.contents(of: segment)
        let line = try fixture.range(ofLine: 2, in: segment)
        for offset in line {
            var garbled = whole
            garbled[offset] ^= 4
            try fixture.overwrite(segment, with: garbled)
            let journal = try fixture.open()
            let damage = try #require(journal.damageAtOpen.first, "offset \(offset)")
            try #require(damage.missing == 2...2, "offset \(offset)")
            try #require(journal.damageAtOpen.count == 1)
            let reader = journal.reader(after: 0)
            let rest = try reader.rest(maxLines: 1)
            try #require(rest.lines.texts == ["one", "three"], "offset \(offset)")
            try #require(rest.damage == [damage], "offset \(offset)")
            try #require(try reader.rest().damage.isEmpty)
            journal.close()
        }
    }

    @Test func `damage is told once, however many meet it`() async throws {
        let fixture = JournalFixture()
        try await makeJournal(fixture)
        var garbled = try fixture.contents(of: segment)
        garbled[try fixture.range(ofLine: 2, in: segment).lowerBound + 60] ^= 4
        try fixture.overwrite(segment, with: garbled)
        let told = Mutex<[DamageReport]>([])
        let journal = try fixture.open { setup in
            setup.observer.damaged = { report in told.withLock { $0.append(report) } }
        }
        defer { journal.close() }
        for _ in 1...2 { #expect(try journal.reader(after: 0).rest().damage.count == 1) }
        #expect(told.withLock { $0 } == journal.damageAtOpen)
        #expect(journal.damageAtOpen.count == 1)
    }

    @Test func `half a line that runs into a whole one loses only itself`() async throws {
        let fixture = JournalFixture()
        try await makeJournal(fixture)
        var bytes = try fixture.contents(of: segment)
        let line = try fixture.range(ofLine: 2, in: segment)
        bytes.replaceSubrange((line.lowerBound + 40)...line.upperBound, with: [0, 0, 0, 0])
        try fixture.overwrite(segment, with: bytes)
        let journal = try fixture.open()
        defer { journal.close() }
        let rest = try journal.reader(after: 0).rest()
        #expect(rest.lines.texts == ["one", "three"])
        #expect(rest.damage.map(\.missing) == [2...2])
        #expect(rest.damage.map(\.cause) == [.unreadableBytes])
    }

    @Test func `lines that vanished without a trace are told too`() async throws {
        let fixture = JournalFixture()
        try await makeJournal(fixture)
        var bytes = try fixture.contents(of: segment)
        let line = try fixture.range(ofLine: 2, in: segment)
        bytes.replaceSubrange(line, with: repeatElement(10, count: line.count))
        try fixture.overwrite(segment, with: bytes)
        let journal = try fixture.open()
        defer { journal.close() }
        #expect(journal.damageAtOpen.map(\.cause) == [.missingLines])
        #expect(try journal.reader(after: 0).rest().damage.map(\.missing) == [2...2])
    }

    @Test(arguments: [(1, 1...1), (2, 2...2)] as [(Int, ClosedRange<Int64>)])
    func `a bad line of an earlier segment is told by the reader`(
        line: Int,
        missing: ClosedRange<Int64>
    ) async throws {
        let fixture = JournalFixture()
        try await makeTwoDays(fixture)
        var bytes = try fixture.contents(of: segment)
        bytes[try fixture.range(ofLine: line, in: segment).lowerBound + 60] ^= 1
        try fixture.overwrite(segment, with: bytes)
        let journal = try fixture.open()
        defer { journal.close() }
        let rest = try journal.reader(after: 0).rest()
        #expect(rest.lines.seqs == [1, 2, 3, 4].filter { !missing.contains($0) })
        #expect(rest.damage.map(\.missing) == [missing])
        #expect(rest.damage.map(\.segment) == [segment])
    }

    @Test func `an unreadable header loses no line`() async throws {
        let fixture = JournalFixture()
        try await makeTwoDays(fixture)
        for name in [segment, nextDay] {
            var bytes = try fixture.contents(of: name)
            bytes[30] ^= 1
            try fixture.overwrite(name, with: bytes)
        }
        let journal = try fixture.open()
        defer { journal.close() }
        let rest = try journal.reader(after: 0).rest()
        #expect(rest.lines.seqs == [1, 2, 3, 4])
        #expect(rest.damage.allSatisfy { $0.missing == nil })
        #expect(try await journal.append("five") == 5)
    }

    @Test func `when only a failed attempt is readable in a segment, the next one loses no line`()
        async throws
    {
        let fixture = JournalFixture()
        try await makeTwoDays(fixture)
        // Header and lines are gone; behind them stands line 4, which was repeated in the next segment.
        let repeated = try fixture.contents(of: nextDay)[fixture.range(ofLine: 2, in: nextDay)]
        try fixture.overwrite(segment, with: Array("gone\n".utf8) + repeated + [10])
        let journal = try fixture.open()
        defer { journal.close() }
        let rest = try journal.reader(after: 0).rest()
        #expect(rest.lines.texts == ["three", "four"])
        #expect(rest.damage.compactMap(\.missing) == [1...2])
    }

    @Test func `a segment removed by hand is told, and what follows is read`() async throws {
        let fixture = JournalFixture()
        try await makeTwoDays(fixture)
        try FileManager.default.removeItem(atPath: fixture.segmentDirectory + "/" + segment)
        let journal = try fixture.open()
        defer { journal.close() }
        let rest = try journal.reader(after: 0).rest()
        #expect(rest.lines.seqs == [3, 4])
        #expect(rest.damage.map(\.missing) == [1...2])
        #expect(journal.firstSeq == 3)
    }

    @Test func `a segment that vanishes while the journal is open is told`() async throws {
        let fixture = JournalFixture()
        try await makeTwoDays(fixture)
        let journal = try fixture.open()
        defer { journal.close() }
        try FileManager.default.removeItem(atPath: fixture.segmentDirectory + "/" + segment)
        let rest = try journal.reader(after: 0).rest()
        #expect(rest.lines.seqs == [3, 4])
        #expect(rest.damage.map(\.cause) == [.missingSegment])
    }

    @Test func `what a killed process left lying about is cleaned up`() async throws {
        let fixture = JournalFixture()
        try await makeTwoDays(fixture)
        let first = try fixture.contents(of: segment)
        try fixture.overwrite(segment, with: first + [UInt8](repeating: 10, count: 300_000))
        try fixture.overwrite("events_20261119.ndjson.gz.tmp", with: [1, 2, 3])
        // Begun, and no byte of it durable.
        try fixture.overwrite("events_20261121.0001.ndjson", with: [UInt8](repeating: 10, count: 9000))
        let journal = try fixture.open()
        defer { journal.close() }
        #expect(try fixture.segmentNames == [segment, nextDay])
        #expect(try fixture.contents(of: segment) == first)
        #expect(try journal.lines().seqs == [1, 2, 3, 4])
    }

    @Test func `segments without an identity, or with a garbled one, are not taken for a new journal`()
        async throws
    {
        let fixture = JournalFixture()
        try await makeJournal(fixture)
        let path = fixture.directory + "/journal.json"
        var identity = try Data(contentsOf: URL(fileURLWithPath: path))
        identity[25] ^= 1
        try identity.write(to: URL(fileURLWithPath: path))
        #expect(throws: JournalError.identityUnreadable(path: path)) { try fixture.open() }
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: JournalError.identityUnreadable(path: path)) { try fixture.open() }
    }
}
