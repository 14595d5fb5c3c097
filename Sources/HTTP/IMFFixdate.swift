/// The one date format servers send: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
package enum IMFFixdate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// 9999-12-31T23:59:59Z, the last one with a year of four digits.
    private static let maximum: Int64 = 253_402_300_799

    /// The 29 bytes for a second since 1970 UTC; what lies outside 1970...9999 is moved to its edge.
    package static func bytes(secondsSince1970: Int64) -> [UInt8] {
        let seconds = Int(min(max(secondsSince1970, 0), maximum))
        let (days, time) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = civil(days: days)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        // 1970-01-01 was a Thursday.
        text.append(contentsOf: weekdays[(days + 4) % 7].utf8)
        text.append(contentsOf: ", ".utf8)
        append(day, digits: 2, to: &text)
        text.append(ASCII.space)
        text.append(contentsOf: months[month - 1].utf8)
        text.append(ASCII.space)
        append(year, digits: 4, to: &text)
        for (separator, value) in [(" ", time / 3600), (":", time / 60 % 60), (":", time % 60)] {
            text.append(contentsOf: separator.utf8)
            append(value, digits: 2, to: &text)
        }
        text.append(contentsOf: " GMT".utf8)
        return text
    }

    private static func append(_ value: Int, digits: Int, to text: inout [UInt8]) {
        var divisor = digits == 4 ? 1000 : 10
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// Howard Hinnant's `civil_from_days` for days since 1970-01-01, with years that begin in March.
    private static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
