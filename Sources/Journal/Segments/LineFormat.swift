internal import Core
internal import Glibc

/// The parts of a line, as ranges of the buffer it was found in.
struct LineParts {
    let seq: Int64
    let at: Timestamp
    let kind: Range<Int>
    let members: Range<Int>
    let body: Range<Int>
}

/// The bytes of a line: `{"crc":"xxxxxxxx","seq":1,"at":"…Z","kind":"…",…"body":…}` and a line feed.
///
/// The checksum is CRC-32C over everything after `"crc":"xxxxxxxx",` up to and without the line feed.
enum LineFormat {
    static let lineFeed = UInt8(ascii: "\n")
    /// `{"crc":"xxxxxxxx",`: the bytes before those that the checksum covers.
    static let uncoveredBytes = 18
    /// The length of a line without kind, members, body and the digits of its `seq`.
    static let overheadBytes = 96

    private static let opening: StaticString = "{\"crc\":\""
    private static let unstampedOpening: StaticString = "{\"crc\":\"00000000\","

    /// Appends a line without its checksum; the members carry a comma each, neither they nor the body may hold a
    /// line feed.
    static func appendUnstamped(
        _ position: JournalPosition,
        kind: String,
        members: UnsafeRawBufferPointer,
        body: UnsafeRawBufferPointer,
        to buffer: inout [UInt8]
    ) {
        buffer.append(text: unstampedOpening)
        buffer.append(text: "\"seq\":")
        buffer.append(decimal: position.seq)
        buffer.append(text: ",\"at\":\"")
        position.at.append(to: &buffer)
        buffer.append(text: "\",\"kind\":\"")
        buffer.append(contentsOf: kind.utf8)
        buffer.append(text: "\",")
        buffer.append(contentsOf: members)
        buffer.append(text: "\"body\":")
        buffer.append(contentsOf: body)
        buffer.append(text: "}\n")
    }

    /// Appends a checksummed line whose covered bytes are written by `write`.
    static func appendCovered(to buffer: inout [UInt8], _ write: (inout [UInt8]) -> Void) {
        let start = buffer.count
        buffer.append(text: unstampedOpening)
        write(&buffer)
        buffer.append(lineFeed)
        let line = start..<(buffer.count - 1)
        buffer.withUnsafeMutableBytes { stamp($0, line: line) }
    }

    /// Puts the checksum into the line in `line` (without its line feed).
    static func stamp(_ bytes: UnsafeMutableRawBufferPointer, line: Range<Int>) {
        let covered = bytes[(line.lowerBound + uncoveredBytes)..<line.upperBound]
        var crc = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: covered))
        for index in (0..<8).reversed() {
            let digit = UInt8(crc & 15)
            bytes[line.lowerBound + 8 + index] = digit < 10 ? 0x30 + digit : 0x57 + digit
            crc >>= 4
        }
    }

    /// Whether the line in `range` (without its line feed) has the checksum that it carries.
    static func isIntact(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        var cursor = ByteCursor(bytes, range)
        guard cursor.skip(opening), let expected = cursor.hexadecimal(digits: 8), cursor.skip("\",") else {
            return false
        }
        let covered = UnsafeRawBufferPointer(
            rebasing: UnsafeRawBufferPointer(bytes)[cursor.index..<range.upperBound]
        )
        return CRC32C.checksum(covered) == expected
    }

    /// Reads the fixed part of a line in `range` (without its line feed); says nothing about the checksum.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> LineParts? {
        var cursor = ByteCursor(bytes, range)
        guard cursor.skip(opening), cursor.hexadecimal(digits: 8) != nil, cursor.skip("\",\"seq\":"),
            let seq = cursor.decimal(), cursor.skip(",\"at\":\""), let at = cursor.quotedRest(),
            let instant = Timestamp(iso8601: UnsafeBufferPointer(rebasing: bytes[at])),
            cursor.skip(",\"kind\":\""), let kind = cursor.quotedRest(), cursor.skip(",")
        else { return nil }
        let members = cursor.index
        while !cursor.skip("\"body\":") {
            guard cursor.skipMember() else { return nil }
        }
        let bodyStart = cursor.index
        guard bodyStart < range.upperBound, bytes[range.upperBound - 1] == UInt8(ascii: "}") else {
            return nil
        }
        return LineParts(
            seq: seq,
            at: instant,
            kind: kind,
            members: members..<(bodyStart - 7),
            body: bodyStart..<(range.upperBound - 1)
        )
    }

    /// The first line feed in `range`.
    static func findLineFeed(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
        find(lineFeed, bytes, range)
    }

    /// Where another line may begin after `range.lowerBound`: half a line may be followed by a whole one
    /// without a line feed between them when a block between them was never written.
    static func findOpening(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
        var start = range.lowerBound + 1
        while start < range.upperBound,
            let brace = find(UInt8(ascii: "{"), bytes, start..<range.upperBound)
        {
            var cursor = ByteCursor(bytes, brace..<range.upperBound)
            if cursor.skip(opening) { return brace }
            start = brace + 1
        }
        return nil
    }

    private static func find(_ byte: UInt8, _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int?
    {
        guard let base = bytes.baseAddress, !range.isEmpty,
            let found = memchr(base + range.lowerBound, Int32(byte), range.count)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }
}

extension [UInt8] {
    mutating func append(text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(decimal number: Int64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = number.magnitude
            var start = 20
            repeat {
                start -= 1
                digits[start] = 0x30 + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 { append(UInt8(ascii: "-")) }
            append(contentsOf: UnsafeBufferPointer(rebasing: digits[start...]))
        }
    }
}
