import Core

/// PostgreSQL's text format, from bytes to values; every function returns nil for what it can not read.
///
/// Only what a session with `DateStyle=ISO`, `TimeZone=UTC` and `bytea_output=hex` writes is understood.
enum TextReading {
    static func bool(_ text: ArraySlice<UInt8>) -> Bool? {
        switch text.first {
        case UInt8(ascii: "t") where text.count == 1: true
        case UInt8(ascii: "f") where text.count == 1: false
        default: nil
        }
    }

    static func int64(_ text: ArraySlice<UInt8>) -> Int64? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? text.dropFirst() : text
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard let digit = byte.decimalValue else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) =
                isNegative
                ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            if overflow || overflow2 { return nil }
            value = sum
        }
        return value
    }

    static func double(_ text: ArraySlice<UInt8>) -> Double? {
        Double(String(decoding: text, as: UTF8.self))
    }

    static func uuid(_ text: ArraySlice<UInt8>) -> UUID128? {
        UUID128(text: Array(text))
    }

    static func hex(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.starts(with: "\\x".utf8), text.count.isMultiple(of: 2) else { return nil }
        return text.dropFirst(2).withUnsafeBufferPointer { digits -> [UInt8]? in
            var isHex = true
            let bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { bytes, count in
                for index in 0..<digits.count / 2 {
                    guard let high = digits[2 * index].hexValue, let low = digits[2 * index + 1].hexValue
                    else {
                        isHex = false
                        return
                    }
                    bytes[index] = high << 4 | low
                    count = index + 1
                }
            }
            return isHex ? bytes : nil
        }
    }

    // MARK: - Instants

    /// `2026-11-20 20:05:42.570541+00`, the same without zone, a bare date, and each with ` BC`.
    static func timestamp(_ text: ArraySlice<UInt8>) -> Timestamp? {
        var reader = DigitReader(rest: text)
        guard let year = reader.number(), reader.skip("-"), let month = reader.number(), reader.skip("-"),
            let day = reader.number()
        else { return nil }
        var microseconds: Int64 = 0
        if reader.skip(" ") && !reader.isAtEra {
            guard let time = reader.timeOfDay() else { return nil }
            microseconds = time
            if reader.skip("+"), reader.number() != 0 { return nil }
            _ = reader.skip(" ")
        }
        let isBC = reader.skip("B") && reader.skip("C")
        guard reader.rest.isEmpty else { return nil }
        let date = CivilDate(year: Int(isBC ? 1 - year : year), month: Int(month), day: Int(day))
        let (start, overflow) = Int64(date.daysSinceEpoch).multipliedReportingOverflow(by: 86_400_000_000)
        let (instant, overflow2) = start.addingReportingOverflow(microseconds)
        return overflow || overflow2 ? nil : Timestamp(microseconds: instant)
    }

    // MARK: - Arrays (PostgreSQL documentation, 8.15.6)

    /// The elements of a one-dimensional array literal; NULL elements are nil.
    static func array(_ text: ArraySlice<UInt8>) -> [ArraySlice<UInt8>?]? {
        guard text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}"), text.count >= 2 else {
            return nil
        }
        var rest = text.dropFirst().dropLast()
        var items: [ArraySlice<UInt8>?] = []
        while !rest.isEmpty {
            if rest.first == UInt8(ascii: "\"") {
                guard let item = quotedItem(&rest) else { return nil }
                items.append(item)
            } else {
                let item = rest.prefix { $0 != UInt8(ascii: ",") }
                if item.isEmpty || item.contains(UInt8(ascii: "{")) { return nil }
                rest = rest.dropFirst(item.count)
                items.append(item.elementsEqual("NULL".utf8) ? nil : item)
            }
            if rest.isEmpty { return items }
            guard rest.popFirst() == UInt8(ascii: ","), !rest.isEmpty else { return nil }
        }
        return items
    }

    private static func quotedItem(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        rest.removeFirst()
        var item: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return item[...] }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst() else { return nil }
                item.append(escaped)
            } else {
                item.append(byte)
            }
        }
        return nil
    }
}

/// A cursor over the digits and punctuation of an instant.
private struct DigitReader {
    var rest: ArraySlice<UInt8>

    var isAtEra: Bool { rest.first == UInt8(ascii: "B") }

    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: scalar) else { return false }
        rest.removeFirst()
        return true
    }

    /// At most six digits, which no year of a timestamp exceeds.
    mutating func number() -> Int64? {
        let digits = rest.prefix { $0.decimalValue != nil }
        guard !digits.isEmpty, digits.count <= 6 else { return nil }
        rest = rest.dropFirst(digits.count)
        return TextReading.int64(digits)
    }

    mutating func timeOfDay() -> Int64? {
        guard let hour = number(), skip(":"), let minute = number(), skip(":"), let second = number()
        else { return nil }
        var microseconds: Int64 = 0
        if skip(".") {
            let width = rest.prefix { $0.decimalValue != nil }.count
            guard let fraction = number() else { return nil }
            microseconds = (width..<6).reduce(fraction) { value, _ in value * 10 }
        }
        return ((hour * 60 + minute) * 60 + second) * 1_000_000 + microseconds
    }
}

extension UInt8 {
    /// The value of a decimal digit in ASCII.
    var decimalValue: Int64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? Int64(self & 15) : nil
    }
}
