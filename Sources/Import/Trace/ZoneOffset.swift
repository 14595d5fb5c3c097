internal import Core

/// How far a clock is ahead of UTC.
package struct ZoneOffset: Sendable {
    /// In seconds, negative west of Greenwich.
    package let seconds: Int

    /// Reads `Z`, `±HH`, `±HHMM` or `±HH:MM`; nil for anything else.
    package init?(_ text: String) {
        guard !text.isEmpty, let time = Timestamp(iso8601: "1970-01-02T00:00:00\(text)") else { return nil }
        seconds = 86_400 - Int(time.microseconds / 1_000_000)
        guard abs(seconds) <= 18 * 3600 else { return nil }
    }
}
