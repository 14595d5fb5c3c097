internal import Core
internal import HTTP
internal import Outbound

/// How answers of HTTP are read. Contract pipelogiq §6.7.
enum Answer {
    /// The outcome by the status alone; the text is the vendor's own word for it, or the beginning of its body.
    static func outcome(_ response: OutboundResponse, _ text: String? = nil, now: Timestamp = .now())
        -> SendOutcome
    {
        let status = response.status
        let why = "HTTP \(status)" + said(text ?? String(decoding: response.body.prefix(2000), as: UTF8.self))
        switch status {
        case 200..<300: return .sent(status: status, note: nil)
        case 300..<400:
            return .refused(
                status: status,
                why: "HTTP \(status): a redirect, which is not followed; set the URL to where it leads"
            )
        case 408, 425, 429, 500...:
            return .again(status: status, after: retryAfter(response, now: now), why: why)
        default: return .refused(status: status, why: why)
        }
    }

    /// `: text` in one line of a bounded length; empty for an empty text.
    private static func said(_ text: String) -> String {
        let line = text.split { $0.isWhitespace || $0.isNewline }.joined(separator: " ")
        let visible = String(line.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
        return visible.isEmpty ? "" : ": \(Cut.text(visible, to: .utf16(300)))"
    }

    /// The body as JSON, if it is.
    static func json(_ response: OutboundResponse) -> JSONNode? { try? JSONDocument(response.body).root }

    /// How long the receiver wants to be left alone: seconds or a date. RFC 9110 §10.2.3. At most a day.
    static func retryAfter(_ response: OutboundResponse, now: Timestamp) -> Duration? {
        guard let value = response.field("retry-after") else { return nil }
        if let seconds = Double(value) { return duration(seconds) }
        guard let date = HTTPDate.seconds(value) else { return nil }
        return duration(Double(date) - now.secondsSinceEpoch)
    }

    /// Seconds as a duration from nothing to a day; nil for what is no number.
    static func duration(_ seconds: Double?) -> Duration? {
        guard let seconds, seconds.isFinite else { return nil }
        return .milliseconds(Int64((min(max(seconds, 0), 86_400) * 1000).rounded(.up)))
    }
}

/// Reads dates of HTTP in their usual form: `Sun, 06 Nov 1994 08:49:37 GMT`. RFC 9110 §5.6.7.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds since 1970; nil for any other text.
    static func seconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let year = Int(words[3]),
            let month = months.firstIndex(of: String(words[2])), (1970...9999).contains(year)
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        let time = words[4].split(separator: ":").compactMap { Int($0) }
        guard date.isValid, time.count == 3, (0..<24).contains(time[0]), (0..<60).contains(time[1]),
            (0...60).contains(time[2])
        else { return nil }
        return Int64(date.daysSinceEpoch) * 86_400 + Int64(time[0] * 3600 + time[1] * 60 + time[2])
    }
}
