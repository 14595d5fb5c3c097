internal import Core

/// What a series of version 2 says of its metric.
struct WriteDescription: Sendable {
    /// Nil when it is unknown.
    let type: MetricType?
    let help: String?
    let unit: String?
}

extension WriteMessage {
    /// Reads the metadata of a series; nil when it says nothing.
    func description(in range: Range<Int>) -> WriteDescription? {
        var reader = ProtobufReader(bytes, in: range)
        var (type, help, unit): (MetricType?, String?, String?)
        while let field = try? reader.next() {
            guard let number = field.value.integer else { continue }
            switch field.number {
            case 1: type = MetricType(remoteWrite: number)
            case 3: help = symbolText(number)
            case 4: unit = symbolText(number)
            default: break
            }
        }
        guard type != nil || help != nil || unit != nil else { return nil }
        return WriteDescription(type: type, help: help, unit: unit)
    }

    /// The most bytes of a help text and of a unit: many series may refer to one.
    private static let longestText = ReportLimits().valueBytes

    /// Nil for the empty text, for one that is too long, and for one that PostgreSQL does not store.
    private func symbolText(_ number: UInt64) -> String? {
        guard number < UInt64(symbols.count) else { return nil }
        let range = symbols[Int(number)]
        guard !range.isEmpty, range.count <= Self.longestText else { return nil }
        return text(range)
    }
}

extension MetricType {
    /// The types of both versions; what Weir has no word for is a gauge.
    init?(remoteWrite number: UInt64) {
        switch number {
        case 1: self = .counter
        case 2, 6, 7: self = .gauge
        case 3, 4: self = .histogram
        case 5: self = .summary
        default: return nil
        }
    }
}
