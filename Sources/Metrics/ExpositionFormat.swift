/// The text formats of a scrape.
package enum ExpositionFormat: Hashable, Sendable {
    /// Prometheus text 0.0.4, which every scraper reads.
    case prometheusText
    /// OpenMetrics 1.0.
    case openMetrics

    /// The value of `Content-Type`.
    package var contentType: String {
        switch self {
        case .prometheusText: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// Chooses by an `Accept` header: OpenMetrics if it is named in a supported version and nothing is preferred to it;
    /// Prometheus text otherwise, also for a missing or unsatisfiable header.
    ///
    /// Source: RFC 9110 §12.5.1.
    package static func negotiate(accept: String?) -> ExpositionFormat {
        guard let accept else { return .prometheusText }
        let ranges = MediaRange.list(in: accept)
        let openMetrics = ranges.filter { $0.isOpenMetrics }.map(\.quality).max() ?? 0
        let text = ranges.filter { $0.textSpecificity > 0 }.max { $0.textSpecificity < $1.textSpecificity }
        return openMetrics > 0 && openMetrics >= text?.quality ?? 0 ? .openMetrics : .prometheusText
    }
}

private struct MediaRange {
    let type: String
    let version: String?
    let quality: Double

    static func list(in header: String) -> [MediaRange] {
        split(header, at: ",").compactMap { MediaRange($0) }
    }

    private init?(_ text: String) {
        var parts = MediaRange.split(text, at: ";").map(MediaRange.trimmed)
        guard let type = parts.first, !type.isEmpty else { return nil }
        parts.removeFirst()
        var version: String?
        var quality = 1.0
        for part in parts {
            let pair = part.split(separator: "=", maxSplits: 1).map { MediaRange.trimmed(String($0)) }
            guard pair.count == 2 else { continue }
            switch pair[0].lowercased() {
            case "version": version = pair[1].filter { $0 != "\"" }
            case "q":
                guard let number = Double(pair[1]), 0...1 ~= number else { return nil }
                quality = number
            default: break
            }
        }
        self.type = type.lowercased()
        self.version = version
        self.quality = quality
    }

    var isOpenMetrics: Bool {
        type == "application/openmetrics-text" && (version ?? "1.0.0") == "1.0.0"
    }

    /// How exactly the range names Prometheus text; zero when it does not.
    var textSpecificity: Int {
        switch type {
        case "text/plain": version == nil ? 3 : version == "0.0.4" ? 4 : 0
        case "text/*": 2
        case "*/*": 1
        default: 0
        }
    }

    /// Splits where the separator is not in a quoted string.
    private static func split(_ text: String, at separator: Character) -> [String] {
        var isQuoted = false
        return text.split { character in
            if character == "\"" { isQuoted.toggle() }
            return character == separator && !isQuoted
        }
        .map(String.init)
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
