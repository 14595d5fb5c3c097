internal import Glibc

/// A distribution of values in bins whose edges grow by one per cent, as `sketch_bin` in SQL makes them.
///
/// It may be added up from pieces in any order. A percentile is within `relativeError` of the exact one.
struct PercentileSketch: Hashable, Sendable {
    /// How far a percentile may lie from the exact one, as a share of it: half the width of a bin.
    static let relativeError = 0.005

    /// The bin of zero and below.
    private static let zero = -2000
    private static let growth = 1.01
    /// Bins at least this far from the others are kept apart, so that one absurd value takes no memory.
    private static let widest = 4096

    private(set) var count: Int64 = 0
    // Bins from `first` on, as an array; all others in `far`.
    private var first = 0
    private var near: [Int64] = []
    private var far: [Int: Int64] = [:]

    /// Adds so many values of one bin; a negative number takes away what was or will be added.
    mutating func add(bin: Int, _ rows: Int64) {
        count += rows
        if near.isEmpty {
            first = bin - 64
            near = Array(repeating: 0, count: 256)
        }
        let place = bin - first
        if near.indices.contains(place) {
            near[place] += rows
        } else if place < 0, near.count - place <= Self.widest {
            let more = -place + min(64, Self.widest - near.count + place)
            near.insert(contentsOf: repeatElement(0, count: more), at: 0)
            first -= more
            near[bin - first] += rows
        } else if place >= 0, place < Self.widest {
            near.append(contentsOf: repeatElement(0, count: min(place + 64, Self.widest) - near.count))
            near[place] += rows
        } else {
            far[bin, default: 0] += rows
        }
    }

    /// The percentile, interpolated between the neighbours of its rank as `percentile_cont` does; nil when
    /// there are no values.
    func percentile(_ fraction: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = fraction * Double(count - 1)
        let lower = Self.value(bin(at: Int64(rank.rounded(.down))))
        let upper = Self.value(bin(at: Int64(rank.rounded(.up))))
        return lower + (upper - lower) * (rank - rank.rounded(.down))
    }

    /// The bin of the value that has `place` values before it.
    private func bin(at place: Int64) -> Int {
        var bins = near.enumerated().filter { $0.element > 0 }.map {
            (bin: first + $0.offset, rows: $0.element)
        }
        if !far.isEmpty {
            bins += far.map { (bin: $0.key, rows: $0.value) }
            bins.sort { $0.bin < $1.bin }
        }
        var passed: Int64 = 0
        for (bin, rows) in bins {
            passed += rows
            if passed > place { return bin }
        }
        preconditionFailure("BUG: a rank beyond all values")
    }

    /// The value that stands for a bin.
    private static func value(_ bin: Int) -> Double {
        bin == zero ? 0 : pow(growth, Double(bin) + 0.5)
    }
}

// MARK: - What PostgreSQL sends

extension PercentileSketch {
    /// Adds a sealed distribution, in the text format of `bytea`; false when it is none.
    ///
    /// `sketch_number` in SQL says how numbers are written.
    mutating func add(sealed text: [UInt8]) -> Bool {
        guard text.starts(with: "\\x".utf8), text.count.isMultiple(of: 2) else { return false }
        var numbers = SealedNumbers(text: text)
        var bin = 0
        while let step = numbers.next() {
            guard let rows = numbers.next() else { return false }
            bin += Int(step)
            add(bin: bin, rows)
        }
        return numbers.isAtEnd
    }

    /// Adds values by their bins so many times, in the text format of `integer[]`; false when it is none.
    mutating func add(loose text: [UInt8], _ times: Int64 = 1) -> Bool {
        guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") else { return false }
        var bin = 0
        var isNegative = false
        for byte in text.dropFirst() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): bin = bin * 10 + Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: ","), UInt8(ascii: "}"):
                add(bin: isNegative ? -bin : bin, times)
                bin = 0
                isNegative = false
            default: return false
            }
        }
        return true
    }
}

/// The numbers of a sealed distribution, from hexadecimal digits behind `\x`.
private struct SealedNumbers {
    private let text: [UInt8]
    private var at = 2
    /// What each digit is worth; 255 for all that is none.
    private static let worth: [UInt8] = (0...255).map { (byte: UInt8) in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: 255
        }
    }

    init(text: [UInt8]) {
        self.text = text
    }

    /// Whether nothing is left that could not be read.
    var isAtEnd: Bool { at == text.count }

    /// The next number; nil at the end, and where it is cut off.
    mutating func next() -> Int64? {
        let start = at
        guard let byte = byte() else { return nil }
        guard byte == 255 else { return Int64(byte) }
        var number: UInt64 = 0
        for _ in 0..<8 {
            guard let byte = self.byte() else {
                at = start
                return nil
            }
            number = number << 8 | UInt64(byte)
        }
        return Int64(bitPattern: number)
    }

    private mutating func byte() -> UInt8? {
        guard at + 1 < text.count else { return nil }
        let high = Self.worth[Int(text[at])]
        let low = Self.worth[Int(text[at + 1])]
        guard high < 16, low < 16 else { return nil }
        at += 2
        return high << 4 | low
    }
}
