// Arbitrary bytes as the segments of a journal that is opened, read, appended to and opened again; see
// scripts/fuzz.
//
// A line `=` begins another segment. A mutation never hits a checksum, so `{"crc":"********",` stands for the
// right one; every other checksum is left as it came.

import Core
import Dispatch
import Glibc
import Journal
import Logging

/// libFuzzer's entry point: the first byte chooses between one segment a day and several on one day.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let choice = input.first else { return 0 }
    let pieces = input.dropFirst().split(separator: 10, omittingEmptySubsequences: false)
        .split(separator: [UInt8(ascii: "=")], omittingEmptySubsequences: false).prefix(4)
    let segments = pieces.enumerated().map { index, lines in
        // The line feed before a line `=` belongs to the segment before it.
        stamped(Array(lines.joined(separator: [10])) + (index < pieces.count - 1 ? [10] : []))
    }
    Directory.shared.fill(with: segments, daily: choice & 1 == 0)
    check(segments)
    return 0
}

private func check(_ segments: [[UInt8]]) {
    let sound = segments.map(PlainScan.soundLines)
    let first = Directory.shared.open()
    let before = first.durableSeq
    let found = readAll(first)
    var last: Int64 = 0
    for line in found {
        precondition(line.seq > last && line.seq <= before, "BUG: the numbers do not rise")
        precondition(sound.contains { $0.contains { $0.isText(of: line) } }, "BUG: a line that nobody wrote")
        last = line.seq
    }
    if segments.count == 1 { checkNothingIsMissing(found, sound[0]) }
    // A number of more than 18 digits is no line's; no journal gets there.
    guard before < 100_000_000_000_000_000 else { return first.close() }
    let seq = append(to: first)
    precondition(seq > before, "BUG: a number was given twice")
    first.close()
    let second = Directory.shared.open()
    let again = readAll(second)
    precondition(second.durableSeq == seq && again.last?.seq == seq, "BUG: an acknowledged line is gone")
    precondition(again.dropLast().map(\.seq) == found.map(\.seq), "BUG: what was sound is not any more")
    precondition(Array(again[again.count - 1].body) == body, "BUG: an acknowledged line is another one")
    second.close()
}

/// A sound line is passed over only for its number: not above that of something sound before it.
private func checkNothingIsMissing(_ found: [JournalLine], _ sound: [PlainScan.SoundLine]) {
    let seqs = Set(found.map(\.seq))
    var highest: Int64 = 0
    for line in sound {
        if line.isPlain, line.seq > highest {
            precondition(seqs.contains(line.seq), "BUG: a sound line is missing")
        }
        highest = max(highest, line.highestNumber)
    }
}

// MARK: - The journal under test

private let body = Array("{\"appended\":true}".utf8)

private func append(to journal: Journal) -> Int64 {
    let done = DispatchSemaphore(value: 0)
    let answer = DispatchQueue(label: "fuzz.answer")
    nonisolated(unsafe) var seq: Int64 = 0  // safe: written before the signal, read after it
    journal.append(kind: "fuzz.line/1", body: body, on: answer) { result in
        do { seq = try result.get().seq } catch { preconditionFailure("BUG: a line was refused: \(error)") }
        done.signal()
    }
    done.wait()
    return seq
}

private func readAll(_ journal: Journal) -> [JournalLine] {
    let reader = journal.reader(after: 0)
    var lines: [JournalLine] = []
    do {
        while true {
            let batch = try reader.next(maxLines: 3, maxBytes: 1000)
            lines += batch.lines
            if batch.isCaughtUp { return lines }
        }
    } catch {
        preconditionFailure("BUG: a readable file was not read: \(error)")
    }
}

/// A journal directory in memory, with an identity that never changes.
private final class Directory: Sendable {
    static let shared = Directory()
    private let path: String
    private let identity: [UInt8]

    private init() {
        path = (getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp") + "/weir-fuzz-\(getpid())"
        Self.open(path).close()
        guard let stream = fopen(path + "/journal.json", "r") else {
            preconditionFailure("BUG: a journal without identity")
        }
        var bytes = [UInt8](repeating: 0, count: 1000)
        let count = fread(&bytes, 1, bytes.count, stream)
        identity = Array(bytes.prefix(count))
        fclose(stream)
    }

    func open() -> Journal { Self.open(path) }

    private static func open(_ path: String) -> Journal {
        var configuration = JournalConfiguration(directory: path)
        configuration.prefillBytes = 0
        configuration.reserveBytes = 0
        configuration.windowBytes = 1 << 10
        configuration.maxLineBytes = 2 << 10
        var logger = Logger(label: "fuzz")
        logger.handler = SwiftLogNoOpLogHandler()
        let now = Timestamp(iso8601: "2026-11-25T10:00:00Z") ?? .epoch
        do {
            return try Journal.open(JournalSetup(configuration, clock: { now }, logger: logger))
        } catch {
            preconditionFailure("BUG: a journal was not opened: \(error)")
        }
    }

    /// Leaves nothing of an earlier input behind.
    func fill(with segments: [[UInt8]], daily: Bool) {
        guard let raw = opendir(path + "/raw") else { preconditionFailure("BUG: a journal without segments") }
        while let entry = readdir(raw) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("events_") { unlink(path + "/raw/" + name) }
        }
        closedir(raw)
        write(identity, to: path + "/journal.json")
        for (index, bytes) in segments.enumerated() {
            let suffix = daily || index == 0 ? "" : ".000\(index)"
            write(bytes, to: "\(path)/raw/events_2026112\(daily ? index : 0)\(suffix).ndjson")
        }
    }

    private func write(_ bytes: [UInt8], to file: String) {
        guard let stream = fopen(file, "w") else { preconditionFailure("BUG: no place for \(file)") }
        fwrite(bytes, 1, bytes.count, stream)
        fclose(stream)
    }
}

// MARK: - What is sound

private func stamped(_ bytes: [UInt8]) -> [UInt8] {
    let opening = Array("{\"crc\":\"********\",".utf8)
    var stamped = bytes
    var start = 0
    for line in bytes.split(separator: 10, omittingEmptySubsequences: false) {
        if line.starts(with: opening) {
            let crc = String(CRC32C.checksum(line.dropFirst(opening.count)), radix: 16)
            let digits = String(repeating: "0", count: 8 - crc.utf8.count) + crc
            stamped.replaceSubrange((start + 8)..<(start + 16), with: digits.utf8)
        }
        start += line.count + 1
    }
    return stamped
}

/// Finds lines with the right checksum by trying every place.
private enum PlainScan {
    /// Compared byte by byte: in a `String` a mark that combines with the comma before it hides that comma.
    struct SoundLine {
        let bytes: ArraySlice<UInt8>
        /// What is not UTF-8 is repaired, as in the kind of a line that was read.
        let repaired: [UInt8]
        let seq: Int64
        /// The line is as the writer writes it, nothing unusual about it.
        let isPlain: Bool
        /// The highest number that the line may put in force.
        let highestNumber: Int64

        init(_ bytes: ArraySlice<UInt8>) {
            self.bytes = bytes
            repaired = Array(String(decoding: bytes, as: UTF8.self).utf8)
            let numbers = bytes.split { !Self.digits.contains($0) }.map(Self.number)
            highestNumber = numbers.max() ?? 0
            let document = try? JSONDocument(Array(bytes))
            let members = document.map { Array($0.root.members) } ?? []
            seq = document?.root["seq"]?.int64 ?? 0
            let head = "\"seq\":\(seq),\"at\":\"2026-11-25T10:00:00.000000Z\",\"kind\":\"a.b/1\",\"body\":"
            isPlain = bytes.dropFirst(18).starts(with: head.utf8) && members.count == 5 && seq < 1_000_000_000
        }

        func isText(of line: JournalLine) -> Bool {
            bytes.dropFirst(18).starts(with: "\"seq\":".utf8) && isNumbered(line.seq)
                && repaired.contains(Array("\"kind\":\"\(line.kind)\",".utf8))
                && bytes.last == UInt8(ascii: "}") && bytes.dropLast().suffix(line.body.count) == line.body
        }

        /// The number may have zeros before it.
        private func isNumbered(_ seq: Int64) -> Bool {
            Self.number(bytes.dropFirst(24).prefix { Self.digits.contains($0) }.prefix(18)) == seq
        }

        private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

        private static func number(_ digits: ArraySlice<UInt8>) -> Int64 {
            Int64(String(decoding: digits, as: UTF8.self)) ?? .max
        }
    }

    static func soundLines(_ segment: [UInt8]) -> [SoundLine] {
        let opening = Array("{\"crc\":\"".utf8)
        var lines: [SoundLine] = []
        for line in segment.split(separator: 10, omittingEmptySubsequences: false).dropLast() {
            for start in line.indices where line[start...].starts(with: opening) {
                let candidate = line[start...]
                guard candidate.count > 18, candidate.count <= 4 << 10 else { continue }
                let digits = String(decoding: candidate.dropFirst(8).prefix(8), as: UTF8.self)
                guard digits.utf8.allSatisfy("0123456789abcdef".utf8.contains),
                    let crc = UInt32(digits, radix: 16)
                else { continue }
                guard CRC32C.checksum(candidate.dropFirst(18)) == crc else { continue }
                lines.append(SoundLine(candidate))
            }
        }
        return lines
    }
}
