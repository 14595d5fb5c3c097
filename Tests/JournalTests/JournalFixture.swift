import Core
import Foundation
import Glibc
import Journal
import Logging
import Synchronization
import Testing

/// A journal directory of its own, removed with the value, and everything to open it again and again.
final class JournalFixture: Sendable {
    let directory: String
    let clock: ManualClock

    /// On disk, or in memory where a test opens the journal hundreds of times.
    init(clock: ManualClock = ManualClock(), inMemory: Bool = false) {
        let memory = inMemory && FileManager.default.isWritableFile(atPath: "/dev/shm")
        let parent = memory ? "/dev/shm/" : NSTemporaryDirectory()
        directory = parent + "weir-journal-" + UUID().uuidString
        self.clock = clock
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    var segmentDirectory: String { directory + "/raw" }

    /// Small, without a reserve and without writing in advance, unless changed.
    func setup(_ change: (inout JournalSetup) -> Void = { _ in }) -> JournalSetup {
        var configuration = JournalConfiguration(directory: directory)
        configuration.reserveBytes = 0
        configuration.prefillBytes = 0
        var setup = JournalSetup.quiet(configuration)
        setup.clock = { [clock] in clock.now }
        change(&setup)
        return setup
    }

    func open(_ change: (inout JournalSetup) -> Void = { _ in }) throws -> Journal {
        try Journal.open(setup(change))
    }

    var segmentNames: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: segmentDirectory).sorted() }
    }

    func contents(of segment: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: segmentDirectory + "/" + segment)))
    }

    /// Where a line of a segment begins and ends, without its line feed; 0 is the header.
    func range(ofLine index: Int, in segment: String) throws -> Range<Int> {
        let line = try contents(of: segment).split(separator: 10)[index]
        return line.startIndex..<line.endIndex
    }

    func overwrite(_ segment: String, with bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: segmentDirectory + "/" + segment))
    }
}

/// A wall clock that moves by hand; starts at 2026-11-20T20:05:42.570541Z.
final class ManualClock: Sendable {
    private let time: Mutex<Timestamp>

    init(_ text: String = "2026-11-20T20:05:42.570541Z") {
        time = Mutex(Timestamp(iso8601: text) ?? .epoch)
    }

    var now: Timestamp { time.withLock { $0 } }

    func set(_ text: String) {
        time.withLock { $0 = Timestamp(iso8601: text) ?? $0 }
    }

    func advance(seconds: Int) {
        time.withLock { $0 = $0.adding(seconds: seconds) }
    }
}

extension JournalSetup {
    /// With the real clock and without a log.
    static func quiet(_ configuration: JournalConfiguration) -> JournalSetup {
        var logger = Logger(label: "test")
        logger.handler = SwiftLogNoOpLogHandler()
        return JournalSetup(configuration, clock: Timestamp.now, logger: logger)
    }
}

extension Journal {
    /// Appends a JSON string as a line of its own and waits for it.
    @discardableResult
    func append(_ text: String, kind: String = "test.line/1") async throws -> Int64 {
        try await append(kind: kind, body: Array("\"\(text)\"".utf8)).seq
    }

    /// All lines behind `seq`, in steps of `maxLines`.
    func lines(after seq: Int64 = 0, kinds: [String] = [], maxLines: Int = 100) throws -> [JournalLine] {
        try reader(after: seq, kinds: kinds).rest(maxLines: maxLines).lines
    }
}

extension JournalReader {
    /// Everything up to the durable end, as one batch.
    func rest(maxLines: Int = 100, maxBytes: Int = 1 << 20) throws -> JournalBatch {
        var all = try next(maxLines: maxLines, maxBytes: maxBytes)
        while !all.isCaughtUp {
            let more = try next(maxLines: maxLines, maxBytes: maxBytes)
            all.lines += more.lines
            all.damage += more.damage
            all.position = more.position
            all.isCaughtUp = more.isCaughtUp
        }
        return all
    }
}

extension JournalLine {
    var text: String { String(decoding: body, as: UTF8.self) }
}

extension [JournalLine] {
    var seqs: [Int64] { map(\.seq) }
    var texts: [String] { map { String($0.text.dropFirst().dropLast()) } }
}
