internal import Core

/// Reads the time of a sample. Contract noetl §1.2, "Timestamp forms accepted".
enum SampleTime {
    /// A time without offset that is further from its arrival is taken for the local time of its sender.
    private static let nearEnough = Duration.seconds(300)
    /// How near to the arrival an offset has to bring it.
    private static let exact = Duration.seconds(120)
    private static let quarter: Int64 = 900_000_000
    /// Offsets from -12:00 to +14:00.
    private static let offsets: ClosedRange<Int64> = -48...56

    /// A number of seconds, or of milliseconds beyond 2e10.
    static func number(_ value: Double) -> Timestamp? { Timestamp(unixNumber: value) }

    /// ISO 8601, UTC without an offset, a date alone (its midnight), or a number as text; nil for anything else.
    static func instant(_ text: String) -> Timestamp? {
        Timestamp(lenient: isDate(text) ? "\(text)T00:00:00" : text)
    }

    /// The same of a sample, whose text may be the local time of its sender.
    static func reported(_ text: String) -> ReportedTime? {
        guard let time = instant(text) else { return nil }
        return !isDate(text) && text.utf8.contains(UInt8(ascii: ":")) && !hasOffset(text)
            ? .local(time) : .instant(time)
    }

    /// The moment of a sample that arrived at a moment.
    static func resolve(_ time: ReportedTime, arrivedAt arrival: Timestamp) -> Timestamp {
        switch time {
        case .arrival: arrival
        case .instant(let time): time
        case .local(let time): local(time, arrivedAt: arrival)
        }
    }

    /// The moment that a sender means who gives its local time without saying so, as Python's clients do.
    private static func local(_ time: Timestamp, arrivedAt arrival: Timestamp) -> Timestamp {
        let distance = time.microseconds - arrival.microseconds
        guard Duration.microseconds(distance.magnitude) > nearEnough else { return time }
        // The offset that brings it nearest to its arrival.
        let quarters = Int64((Double(distance) / Double(quarter)).rounded())
        let rest = Duration.microseconds((distance - quarters * quarter).magnitude)
        guard offsets.contains(quarters), rest <= exact else { return time }
        return time.adding(microseconds: -quarters * quarter)
    }

    private static func isDate(_ text: String) -> Bool {
        text.utf8.count <= 10 && text.utf8.contains(UInt8(ascii: "-")) && text.utf8.first != UInt8(ascii: "-")
            && text.utf8.allSatisfy {
                $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
            }
    }

    /// Whether ISO 8601 text ends with a zone: behind the time of day only a zone has a sign or a letter.
    private static func hasOffset(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return text.utf8[colon...].contains { byte in
            byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") || byte | 0x20 == UInt8(ascii: "z")
        }
    }
}
