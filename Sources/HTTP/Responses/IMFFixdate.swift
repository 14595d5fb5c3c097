import Core

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
        let date = CivilDate(daysSinceEpoch: days)
        var text: [UInt8] = []
        text.reserveCapacity(29)
        // 1970-01-01 was a Thursday.
        text.append(contentsOf: weekdays[(days + 4) % 7].utf8)
        text.append(contentsOf: ", ".utf8)
        append(date.day, digits: 2, to: &text)
        text.append(ASCII.space)
        text.append(contentsOf: months[date.month - 1].utf8)
        text.append(ASCII.space)
        append(date.year, digits: 4, to: &text)
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
}
