internal import Glibc

/// A distribution of values in bins whose edges grow by one per cent, as `sketch_bin` in SQL makes them.
///
/// Parts of it may be added in any order. A percentile is within `relativeError` of the exact one.
struct PercentileSketch: Hashable, Sendable {
    /// How far a percentile may lie from the exact one, as a share of it: half the width of a bin.
    static let relativeError = 0.005

    /// The bin of zero and below.
    private static let zero = -2000
    private static let growth = 1.01
    /// Bins at least this far from the others are kept in a dictionary, so that one absurd value takes no memory.
    private static let widest = 4096

    private(set) var count: Int64 = 0
    // Bins from `first` on, as an array; all others in `far`.
    private var first = 0
    private var near: [Int64] = []
    private var far: [Int: Int64] = [:]

    /// Adds a number of values to one bin; a negative number subtracts values that were added, or will be.
    mutating func add(bin: Int, _ rows: Int64) {
        count += rows
        let place = bin - first
        if near.indices.contains(place) {
            near[place] += rows
        } else {
            makeRoom(for: bin...bin)
            addAfterGrowth(bin, rows)
        }
    }

    /// Adds bins in ascending order, each with its number of values, and makes room for all of them once.
    private mutating func add(_ bins: [(bin: Int, rows: Int64)]) {
        guard let lowest = bins.first?.bin, let highest = bins.last?.bin else { return }
        makeRoom(for: lowest...highest)
        if lowest >= first, highest < first + near.count {
            let first = first
            var sum: Int64 = 0
            near.withUnsafeMutableBufferPointer { near in
                for (bin, rows) in bins {
                    near[bin - first] += rows
                    sum += rows
                }
            }
            count += sum
        } else {
            for (bin, rows) in bins {
                count += rows
                addAfterGrowth(bin, rows)
            }
        }
    }

    private mutating func addAfterGrowth(_ bin: Int, _ rows: Int64) {
        let place = bin - first
        if near.indices.contains(place) {
            near[place] += rows
        } else {
            far[bin, default: 0] += rows
        }
    }

    /// Extends the array to hold these bins and some more, unless it would become too wide.
    private mutating func makeRoom(for bins: ClosedRange<Int>) {
        guard !near.isEmpty else {
            guard bins.count <= Self.widest else { return }
            first = bins.lowerBound - 32
            near = Array(repeating: 0, count: bins.count + 64)
            return
        }
        let lowest = min(first, bins.lowerBound - 32)
        let highest = max(first + near.count - 1, bins.upperBound + 32)
        let isInside = bins.lowerBound >= first && bins.upperBound < first + near.count
        guard !isInside, highest - lowest < Self.widest else { return }
        near.insert(contentsOf: repeatElement(0, count: first - lowest), at: 0)
        near.append(contentsOf: repeatElement(0, count: highest - lowest + 1 - near.count))
        first = lowest
        // Moves bins that now fit into the array.
        for bin in Array(far.keys) where near.indices.contains(bin - first) {
            near[bin - first] += far.removeValue(forKey: bin) ?? 0
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

    /// The bin of the value with `place` values before it.
    private func bin(at place: Int64) -> Int {
        var passed: Int64 = 0
        var rest = far.sorted { $0.key < $1.key }[...]
        for (offset, rows) in near.enumerated() where rows != 0 {
            while let (bin, rows) = rest.first, bin < first + offset {
                passed += rows
                if passed > place { return bin }
                rest.removeFirst()
            }
            passed += rows
            if passed > place { return first + offset }
        }
        for (bin, rows) in rest {
            passed += rows
            if passed > place { return bin }
        }
        preconditionFailure("BUG: a rank beyond all values")
    }

    /// The value that represents a bin.
    private static func value(_ bin: Int) -> Double {
        bin == zero ? 0 : pow(growth, Double(bin) + 0.5)
    }
}

// MARK: - Formats of PostgreSQL

extension PercentileSketch {
    /// Adds sealed distributions, in hexadecimal digits separated by commas; false when one is malformed.
    ///
    /// `sketch_number` in SQL defines the encoding of numbers.
    mutating func add(sealed text: [UInt8]) -> Bool {
        text.withUnsafeBufferPointer { text in
            var numbers = SealedNumbers(text: text)
            var bins: [(bin: Int, rows: Int64)] = []
            repeat {
                bins.removeAll(keepingCapacity: true)
                var bin = 0
                while let step = numbers.next() {
                    guard let rows = numbers.next() else { return false }
                    bin += Int(step)
                    bins.append((bin, rows))
                }
                add(bins)
            } while numbers.skipComma()
            return numbers.isAtEnd
        }
    }

    /// Adds the values of these bins, each `times` times, in the text format of `integer[]`; false when it is
    /// malformed.
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

/// The numbers of sealed distributions, from hexadecimal digits.
private struct SealedNumbers {
    private let text: UnsafeBufferPointer<UInt8>
    private var at = 0

    /// Reads `text`, which must outlive this.
    init(text: UnsafeBufferPointer<UInt8>) {
        self.text = text
    }

    /// Whether all of the text was read.
    var isAtEnd: Bool { at == text.count }

    /// Skips the comma between two distributions; false when there is none.
    mutating func skipComma() -> Bool {
        guard at < text.count, text[at] == UInt8(ascii: ",") else { return false }
        at += 1
        return true
    }

    /// The next number; nil at the end of a distribution, and where it is cut off.
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
        let high = Self.digit(text[at])
        let low = Self.digit(text[at + 1])
        guard high | low < 16 else { return nil }
        at += 2
        return high << 4 | low
    }

    /// The value of a digit; 255 for anything else.
    private static func digit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: 255
        }
    }
}
