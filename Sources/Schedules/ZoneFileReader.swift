/// Reads the parts of a TZif file one after the other. RFC 9636 §3.
struct ZoneFileReader {
    /// What a data block says.
    struct Block {
        let first: Int
        let changes: [ZoneFile.Change]
    }

    /// The counts of a header.
    private struct Counts {
        var isUT = 0
        var isStandard = 0
        var leaps = 0
        var times = 0
        var types = 0
        var characters = 0
    }

    /// How far from 1970 clocks change, in seconds: longer ago there was no universe. Times at the
    /// ends of 64 bits could not be counted with.
    private static let farthest = 1 << 59

    private let bytes: [UInt8]
    private var position = 0
    private var counts = Counts()

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads a header.
    ///
    /// - Returns: the version as its character, 0 for the first; nil when there is none.
    mutating func header() -> UInt8? {
        guard position + 44 <= bytes.count, bytes[position..<position + 4].elementsEqual("TZif".utf8) else {
            return nil
        }
        let version = bytes[position + 4]
        let numbers = (0..<6).map { Int(integer(at: position + 20 + 4 * $0, size: 4)) }
        position += 44
        guard numbers.allSatisfy({ 0...65_536 ~= $0 }), numbers[4] > 0 else { return nil }
        counts = Counts(
            isUT: numbers[0],
            isStandard: numbers[1],
            leaps: numbers[2],
            times: numbers[3],
            types: numbers[4],
            characters: numbers[5]
        )
        return version
    }

    private func size(timeSize: Int) -> Int {
        counts.times * (timeSize + 1) + counts.types * 6 + counts.characters
            + counts.leaps * (timeSize + 4) + counts.isStandard + counts.isUT
    }

    /// Passes over the data block of the last header.
    mutating func skipBlock(timeSize: Int) -> Bool {
        position += size(timeSize: timeSize)
        return position <= bytes.count
    }

    /// Reads the data block of the last header; nil when it is cut or not in order.
    mutating func block(timeSize: Int) -> Block? {
        let end = position + size(timeSize: timeSize)
        guard end <= bytes.count, counts.leaps == 0 else { return nil }
        let indices = position + counts.times * timeSize
        let types = indices + counts.times
        var changes: [ZoneFile.Change] = []
        for number in 0..<counts.times {
            let type = Int(bytes[indices + number])
            guard type < counts.types else { return nil }
            let at = Int(integer(at: position + number * timeSize, size: timeSize))
            guard at > changes.last?.at ?? .min, -Self.farthest...Self.farthest ~= at else { return nil }
            changes.append(ZoneFile.Change(at: at, offset: offset(types, type)))
        }
        defer { position = end }
        guard changes.allSatisfy({ abs($0.offset) <= 172_800 }), abs(offset(types, 0)) <= 172_800 else {
            return nil
        }
        return Block(first: offset(types, 0), changes: changes)
    }

    /// Reads the footer, the text between two line feeds.
    mutating func footer() -> String? {
        guard position < bytes.count, bytes[position] == 10,
            let end = bytes[(position + 1)...].firstIndex(of: 10)
        else { return nil }
        return String(decoding: bytes[position + 1..<end], as: UTF8.self)
    }

    private func offset(_ types: Int, _ type: Int) -> Int { Int(integer(at: types + type * 6, size: 4)) }

    /// A signed integer in network order.
    private func integer(at start: Int, size: Int) -> Int64 {
        var value: Int64 = bytes[start] & 0x80 != 0 ? -1 : 0
        for byte in bytes[start..<start + size] { value = value << 8 | Int64(byte) }
        return value
    }
}
