import Foundation
import Journal
import Testing

/// Compresses nothing, but changes every byte and adds an end mark, so that mistakes show.
final class ToyTransform: SegmentTransform {
    private let isDecoding: Bool
    private var isComplete = false

    init(isDecoding: Bool) {
        self.isDecoding = isDecoding
    }

    func process(_ input: [UInt8], isLast: Bool, into output: inout [UInt8]) throws(SegmentCodecError) {
        for byte in input {
            if isDecoding, byte == 0 { isComplete = true } else { output.append(byte ^ 0xAA) }
        }
        guard isLast else { return }
        if !isDecoding { output.append(0) }
        if isDecoding, !isComplete { throw SegmentCodecError(message: "truncated") }
    }

    static let codec = SegmentCodec(
        fileExtension: "toy",
        makeEncoder: { ToyTransform(isDecoding: false) },
        makeDecoder: { ToyTransform(isDecoding: true) }
    )
}

@Suite struct `Retention` {
    private let fixture = JournalFixture(clock: ManualClock("2026-11-01T12:00:00Z"))

    /// Two lines a day for `days` days, on disk only.
    private func open(days: Int, _ change: (inout JournalSetup) -> Void = { _ in }) async throws -> Journal {
        let journal = try fixture.open { setup in
            setup.configuration.windowBytes = 0
            change(&setup)
        }
        for day in 0..<days {
            if day > 0 { fixture.clock.advance(seconds: 86_400) }
            for index in 0..<2 { try await journal.append("day \(day) line \(index)") }
        }
        return journal
    }

    @Test func `segments go when they are old and every line in them is loaded`() async throws {
        let journal = try await open(days: 5)
        defer { journal.close() }
        fixture.clock.set("2026-11-17T23:59:59Z")
        #expect(try journal.prune(loadedThrough: 1).removed == [])
        // Kept for 14 days after the end of its day.
        #expect(
            try journal.prune(loadedThrough: 10).removed == [
                "events_20261101.ndjson", "events_20261102.ndjson",
            ]
        )
        fixture.clock.set("2026-12-31T00:00:00Z")
        #expect(try journal.prune(loadedThrough: 7).removed == ["events_20261103.ndjson"])
        #expect(try journal.reader(after: 6).rest().damage.isEmpty)
        #expect(try journal.lines(after: 6).seqs == [7, 8, 9, 10])
        #expect(journal.firstSeq == 7)
    }

    @Test func `the newest segment stays, so that numbers go on after opening again`() async throws {
        let journal = try await open(days: 2)
        journal.close()
        fixture.clock.set("2027-11-01T12:00:00Z")
        let again = try fixture.open()
        #expect(try again.prune(loadedThrough: 4).removed == ["events_20261101.ndjson"])
        again.close()
        let third = try fixture.open()
        defer { third.close() }
        #expect(try await third.append("next") == 5)
    }

    @Test func `above the size that is set the oldest loaded segments go first`() async throws {
        let journal = try await open(days: 5) { $0.configuration.maxBytes = 3 * 4096 }
        defer { journal.close() }
        #expect(journal.diskUsage == 5 * 4096)
        #expect(try journal.prune(loadedThrough: 3).removed == ["events_20261101.ndjson"])
        #expect(try journal.prune(loadedThrough: 10).removed == ["events_20261102.ndjson"])
        #expect(try journal.prune(loadedThrough: 10).removed == [])
    }

    @Test func `loaded segments are compressed a day later, and read like the others`() async throws {
        let journal = try await open(days: 4) { $0.codec = ToyTransform.codec }
        let reader = journal.reader(after: 0)
        #expect(try reader.next(maxLines: 1, maxBytes: 1 << 20).lines.seqs == [1])
        let report = try journal.prune(loadedThrough: 6)
        #expect(report.compressed == ["events_20261101.ndjson.toy", "events_20261102.ndjson.toy"])
        #expect(try journal.prune(loadedThrough: 6) == RetentionReport())
        #expect(try reader.rest().lines.seqs == Array(2...8))
        #expect(try journal.lines(after: 0).seqs == Array(1...8))
        journal.close()
        #expect(throws: JournalError.self) { try fixture.open() }
        let again = try fixture.open { $0.codec = ToyTransform.codec }
        defer { again.close() }
        let rest = try again.reader(after: 1).rest(maxLines: 1)
        #expect(rest.lines.texts.first == "day 0 line 1")
        #expect(rest.lines.seqs == Array(2...8))
        #expect(rest.damage.isEmpty)
    }

    @Test func `a compressed segment that was cut is an error, not an end`() async throws {
        let journal = try await open(days: 4) { $0.codec = ToyTransform.codec }
        defer { journal.close() }
        try journal.prune(loadedThrough: 8)
        let name = "events_20261101.ndjson.toy"
        try fixture.overwrite(name, with: Array(try fixture.contents(of: name).dropLast(10)))
        #expect { _ = try journal.lines() } throws: { ($0 as? JournalError)?.reason == "codec_failed" }
    }

    @Test func `both forms of a segment after a crash count once`() async throws {
        let journal = try await open(days: 3) { $0.codec = ToyTransform.codec }
        let plain = try fixture.contents(of: "events_20261101.ndjson")
        try journal.prune(loadedThrough: 6)
        journal.close()
        try fixture.overwrite("events_20261101.ndjson", with: plain)
        let again = try fixture.open { $0.codec = ToyTransform.codec }
        defer { again.close() }
        #expect(try again.lines().seqs == Array(1...6))
        #expect(try !fixture.segmentNames.contains("events_20261101.ndjson"))
    }

    @Test func `redaction changes bodies and nothing else, compressed or not`() async throws {
        let journal = try await open(days: 4) {
            $0.codec = ToyTransform.codec
            $0.configuration.windowBytes = 1 << 20
        }
        try journal.prune(loadedThrough: 2)
        let before = try journal.lines()
        let reader = journal.reader(after: 0)
        _ = try reader.next(maxLines: 1, maxBytes: 1)
        let count = try journal.redact { $0.text.contains("line 1") ? Array("null".utf8) : nil }
        #expect(count == 4)
        #expect(try journal.redact { $0.text.contains("line 1") ? Array("null".utf8) : nil } == 0)
        #expect(try journal.lines().texts.filter { $0.contains("line 1") }.isEmpty)
        journal.close()
        for name in try fixture.segmentNames {
            #expect(!String(decoding: try fixture.contents(of: name), as: UTF8.self).contains("line 1"))
        }
        let again = try fixture.open { $0.codec = ToyTransform.codec }
        defer { again.close() }
        let rest = try again.reader(after: 0).rest()
        #expect(rest.damage.isEmpty)
        #expect(rest.lines.seqs == Array(1...8))
        #expect(rest.lines.map(\.at) == before.map(\.at))
        #expect(rest.lines.map(\.kind) == before.map(\.kind))
        #expect(rest.lines.map(\.text) == before.map { $0.text.contains("line 1") ? "null" : $0.text })
    }
}
