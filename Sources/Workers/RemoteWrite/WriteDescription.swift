internal import Core
internal import Synchronization

/// What a series of version 2 says of its metric.
struct WriteDescription: Sendable {
    /// Nil when it is unknown.
    let type: MetricType?
    let help: String?
    let unit: String?
}

/// The descriptions in a message of version 2. Each is read once: the series of a metric have the same.
struct WriteDescriptions {
    /// A description, and what tells it apart from others of a series, within a process; nil when that takes the name of
    /// the series.
    typealias Known = (description: WriteDescription, mark: Int?)

    private let message: WriteMessage
    private var known: [WriteMessage.References: Known?] = [:]

    init(_ message: WriteMessage) {
        self.message = message
    }

    /// The description of an entry; nil when it says nothing.
    mutating func find(_ entry: WriteRequest.Entry) -> Known? {
        guard let references = entry.metadata.map(message.references) else { return nil }
        if let found = known[references] { return found }
        let found = message.description(references).map { description in
            let mark = description.type.map { Series.description($0, description.help, description.unit) }
            return (description: description, mark: mark)
        }
        known[references] = .some(found)
        return found
    }
}

extension WriteMessage {
    /// The metadata of a series as it is sent: numbers.
    struct References: Hashable {
        var type: UInt64 = 0
        var help: UInt64 = 0
        var unit: UInt64 = 0
    }

    /// Reads the metadata of a series.
    func references(in range: Range<Int>) -> References {
        var reader = ProtobufReader(bytes, in: range)
        var references = References()
        while let field = try? reader.next() {
            guard let number = field.value.integer else { continue }
            switch field.number {
            case 1: references.type = number
            case 3: references.help = number
            case 4: references.unit = number
            default: break
            }
        }
        return references
    }

    /// Nil when the metadata says nothing.
    func description(_ references: References) -> WriteDescription? {
        let type = MetricType(remoteWrite: references.type)
        let (help, unit) = (symbolText(references.help), symbolText(references.unit))
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
        return texts.find(Int(number)) { text(range) }
    }
}

/// Texts of symbols that were read: thousands of series may refer to one, and share it then. Any thread.
final class SymbolTexts: Sendable {
    // Guards the texts, by the numbers of their symbols.
    private let known = Mutex<[Int: String?]>([:])

    /// The text of a symbol, which `read` reads once.
    func find(_ number: Int, _ read: () -> String?) -> String? {
        known.withLock { known in
            if let text = known[number] { return text }
            let text = read()
            known[number] = .some(text)
            return text
        }
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
