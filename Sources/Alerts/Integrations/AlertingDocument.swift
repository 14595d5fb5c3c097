internal import API
internal import Core
internal import Notifications

/// The alerting document: one for everything. Contract pipelogiq §6.2, §6.9.
struct AlertingDocument: Sendable {
    let document: IntegrationDocument

    init(_ document: IntegrationDocument) {
        self.document = document
    }

    private var value: JSONValue { document.value }

    // MARK: - Values

    /// The words of a list, or of one text with commas, semicolons or line breaks: trimmed, in lower case, each once;
    /// nil for another type.
    static func words(_ value: JSONValue?) -> [String]? {
        let parts: [String]
        switch value {
        case nil, .null: parts = []
        case .text(let text):
            parts = text.split { $0 == "," || $0 == ";" || $0.isNewline }.map(String.init)
        case .list(let elements):
            let texts = elements.compactMap(\.string)
            guard texts.count == elements.count else { return nil }
            parts = texts
        default: return nil
        }
        var seen: Set<String> = []
        return parts.map { $0.trimmed.lowercased() }.filter { !$0.isEmpty && seen.insert($0).inserted }
    }

    /// The selected channels as they are written; unknown ones included.
    var channelWords: [String] { Self.words(value["channels"]) ?? [] }
    var eventWords: [String] { Self.words(value["enabledEvents"]) ?? [] }

    /// The selected channels that Weir knows.
    var channels: [AlertingChannel] { channelWords.compactMap(AlertingChannel.init) }

    /// The events that a channel is told of.
    func events(of channel: AlertingChannel) -> [EventName] {
        let enabled = eventWords.compactMap(EventName.init).filter(EventName.ofDocument.contains)
        guard let own = value["channelEvents"]?[channel.rawValue], let words = Self.words(own) else {
            return enabled
        }
        return enabled.filter { words.contains($0.rawValue) }
    }

    /// How bad something has to be for a channel.
    func leastSeverity(of channel: AlertingChannel) -> AlertSeverity {
        let word = value["minSeverity"]?[channel.rawValue]?.string
        return word.flatMap { AlertSeverity(rawValue: $0.trimmed.lowercased()) } ?? .info
    }

    var isEnabled: Bool { value["enabled"].flatMap(GoFlag.init)?.isOn ?? true }
    var sendsResolved: Bool { value["sendResolved"].flatMap(GoFlag.init)?.isOn ?? false }

    /// In seconds; a text with a number counts, too.
    var dedupeWindow: Int { seconds("dedupeWindowSeconds", else: 300, atMost: 604_800) }
    var stuckAfter: Int { seconds("pipelineStuckAfterSeconds", else: 1800, atMost: 31_536_000) }
    var backlogThreshold: Double { Self.number(value["queueBacklogThreshold"]).map { max(0, $0) } ?? 1000 }

    private func seconds(_ key: String, else usual: Int, atMost limit: Int) -> Int {
        guard let number = Self.number(value[key]), number > 0 else { return usual }
        return Int(min(max(number.rounded(), 1), Double(limit)))
    }

    /// A number, or a text that is one.
    static func number(_ value: JSONValue?) -> Double? {
        switch value {
        case .number(let digits): Double(String(decoding: digits, as: UTF8.self))
        case .text(let text): Double(text.trimmed).flatMap { $0.isFinite ? $0 : nil }
        default: nil
        }
    }

    // MARK: - Completeness

    /// Whether a channel and an event are selected, and every selected channel has its keys.
    var isComplete: Bool {
        !channelWords.isEmpty && !eventWords.isEmpty
            && channels.allSatisfy { missingKey(of: $0) == nil }
    }

    /// The first key that a channel lacks.
    func missingKey(of channel: AlertingChannel) -> String? { channel.requiredKeys.first { !has($0) } }

    private func has(_ key: String) -> Bool {
        if document.text(key) != nil { return true }
        // Contract pipelogiq §6.2: the original took neither a number nor a list.
        if key == "telegramChatId" { return value[key]?.integer != nil }
        return key == "emailRecipients" && Self.words(value[key])?.isEmpty == false
    }
}
