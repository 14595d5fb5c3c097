import Foundation
import Journal
import Testing

@Suite struct `Rotation` {
    @Test func `a new UTC day begins a new segment`() async throws {
        let fixture = JournalFixture(clock: ManualClock("2026-12-31T23:59:59.999999Z"))
        let journal = try fixture.open()
        try await journal.append("old year")
        fixture.clock.advance(seconds: 1)
        try await journal.append("new year")
        journal.close()
        #expect(try fixture.segmentNames == ["events_20261231.ndjson", "events_20270101.ndjson"])
        let header = String(decoding: try fixture.contents(of: "events_20270101.ndjson"), as: UTF8.self)
            .prefix { $0 != "\n" }
        #expect(header.contains(#""first":2,"after":1,"at":"2027-01-01T00:00:00.999999Z""#))
    }

    @Test func `a full segment is followed by one with the next number`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open {
            $0.configuration.segmentBytes = 1000
            $0.configuration.windowBytes = 0
        }
        for index in 0..<30 { try await journal.append("line \(index)") }
        let names = try fixture.segmentNames
        #expect(names.count > 3)
        #expect(names.contains("events_20261120.ndjson"))
        #expect(names.contains("events_20261120.0003.ndjson"))
        for name in names { #expect(try fixture.contents(of: name).count <= 1000) }
        #expect(try journal.lines().seqs == Array(1...30))
        journal.close()
        let again = try fixture.open()
        defer { again.close() }
        #expect(try again.reader(after: 7).rest(maxLines: 4).lines.seqs == Array(8...30))
    }

    @Test func `each start begins a segment with its epoch, but only for a line`() async throws {
        let fixture = JournalFixture()
        for _ in 0..<3 { try fixture.open().close() }
        #expect(try fixture.segmentNames.isEmpty)
        for text in ["one", "two"] {
            let journal = try fixture.open()
            try await journal.append(text)
            journal.close()
        }
        #expect(try fixture.segmentNames == ["events_20261120.0001.ndjson", "events_20261120.ndjson"])
        let second = String(decoding: try fixture.contents(of: "events_20261120.0001.ndjson"), as: UTF8.self)
        #expect(second.contains(#""epoch":5,"first":2,"after":1"#))
    }

    @Test func `line feeds are written ahead, overwritten, and cut at the end`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open {
            $0.configuration.prefillBytes = 1 << 20
            $0.configuration.segmentBytes = 1_500_000
            $0.configuration.windowBytes = 0
        }
        let body = Array("\"\(String(repeating: "x", count: 20_000))\"".utf8)
        for _ in 0..<200 { try await journal.append(kind: "k/1", body: body) }
        #expect(try journal.lines().seqs == Array(1...200))
        let active = try #require(try fixture.segmentNames.filter { $0.contains("0002") }.first)
        journal.close()
        for name in try fixture.segmentNames {
            let bytes = try fixture.contents(of: name)
            #expect(bytes.last == 10 && bytes.dropLast().last != 10, "\(name)")
        }
        #expect(try fixture.contents(of: active).count > 1_000_000)
    }
}
