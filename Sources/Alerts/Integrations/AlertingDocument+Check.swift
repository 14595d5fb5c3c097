internal import API
internal import Core
internal import Notifications
internal import Outbound

/// What may not be saved. Contract pipelogiq §6.2, in its order; then §6.9.
extension AlertingDocument {
    func check() throws(ObservabilityFailure) {
        let value = document.value
        for key in ["channels", "enabledEvents"] where Self.words(value[key]) == nil {
            throw fault("\(key) is a list of texts, or one text with commas", key)
        }
        if let word = channelWords.first(where: { AlertingChannel(rawValue: $0) == nil }) {
            throw fault("Unknown alerting channel", "channels", word)
        }
        if let word = eventWords.first(where: { !Self.isEvent($0) }) {
            throw fault("Unknown alerting event", "enabledEvents", word)
        }
        if let window = Self.number(value["dedupeWindowSeconds"]), window <= 0 {
            throw fault("dedupeWindowSeconds is above 0", "dedupeWindowSeconds")
        }
        if let flag = value["sendResolved"], GoFlag(flag) == nil {
            throw fault("sendResolved is true or false", "sendResolved")
        }
        try checkOwnKeys(value)
        try checkForms(value)
    }

    private static func isEvent(_ word: String) -> Bool {
        EventName(rawValue: word).map(EventName.ofDocument.contains) ?? false
    }

    private func fault(_ message: String, _ field: String, _ value: String? = nil) -> ObservabilityFailure {
        .config(.alerting, message, field: field, value: value)
    }

    private func checkOwnKeys(_ value: JSONValue) throws(ObservabilityFailure) {
        if let flag = value["enabled"], GoFlag(flag) == nil {
            throw fault("enabled is true or false", "enabled")
        }
        for key in ["pipelineStuckAfterSeconds", "queueBacklogThreshold"] {
            guard let given = value[key], given != .null, given != .text("") else { continue }
            guard let number = Self.number(given), number > 0 else {
                throw fault("\(key) is a number above 0", key)
            }
        }
        try checkObject(value, "channelEvents") { words in
            guard let words = Self.words(words) else { return "" }
            return words.first { !Self.isEvent($0) }
        }
        try checkObject(value, "minSeverity") { word in
            guard let word = word.string?.trimmed.lowercased() else { return "" }
            return word.isEmpty || AlertSeverity(rawValue: word) != nil ? nil : word
        }
    }

    /// An object by channel. `wrong` is the value that is not valid: empty for a wrong type, nil when all are.
    private func checkObject(_ value: JSONValue, _ key: String, _ wrong: (JSONValue) -> String?)
        throws(ObservabilityFailure)
    {
        guard let object = value[key], object != .null else { return }
        guard object.isObject else { throw fault("\(key) is an object by channel", key) }
        for member in object.members {
            guard AlertingChannel(rawValue: member.name) != nil else {
                throw fault("Unknown alerting channel", key, member.name)
            }
            guard let wrong = wrong(member.value) else { continue }
            throw fault("\(key).\(member.name) is not valid", key, wrong.isEmpty ? nil : wrong)
        }
    }

    // MARK: - Forms

    private static let urls = [
        "healthEndpoint", "telegramApiBase", "whatsappWebhookUrl", "slackWebhookUrl", "teamsWebhookUrl",
        "webhookUrl", "opsgenieApiUrl", "discordWebhookUrl",
    ]

    /// A blank value is an unused key: the dashboard always sends all of them.
    private func checkForms(_ value: JSONValue) throws(ObservabilityFailure) {
        for key in Self.urls {
            guard let url = document.text(key) else { continue }
            guard OutboundAddress(url) != nil else {
                throw fault("\(key) is not a URL of http or https", key)
            }
        }
        if let chat = document.text("telegramChatId"), Int(chat) == nil, !Self.isChatName(chat) {
            throw fault("telegramChatId is a whole number or @name", "telegramChatId")
        }
        if let key = document.text("pagerdutyRoutingKey"), key.count != 32, !SecretBox.isSealed(key) {
            throw fault("pagerdutyRoutingKey has 32 characters", "pagerdutyRoutingKey")
        }
        for key in ["emailRecipients", "emailFrom"] {
            guard let addresses = Self.words(value[key]) else { throw fault("\(key) is text", key) }
            if let wrong = addresses.first(where: { !Self.isAddress($0) }) {
                throw fault("\(key) has something that is no e-mail address", key, wrong)
            }
        }
        try checkWord(value, "smtpSecurity", ["starttls", "tls", "none"])
        try checkWord(value, "whatsappProvider", ["generic", "meta", "twilio"])
        try checkWord(value, "pagerdutyRegion", ["us", "eu"])
        if let headers = value["webhookHeaders"], headers != .null, headers != .text("") {
            guard headers.isObject, headers.members.allSatisfy({ $0.value.string != nil }) else {
                throw fault("webhookHeaders is an object of texts", "webhookHeaders")
            }
        }
    }

    private func checkWord(_ value: JSONValue, _ key: String, _ words: [String]) throws(ObservabilityFailure)
    {
        guard let word = document.text(key), !words.contains(word.lowercased()) else { return }
        throw fault("\(key) is one of \(words.joined(separator: ", "))", key, word)
    }

    private static func isChatName(_ text: String) -> Bool {
        text.count > 1 && text.first == "@"
            && text.dropFirst().allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    /// One `@` with something on each side, and nothing that a header field cannot have.
    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty }
            && text.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value != 0x7F && !"<>,;".unicodeScalars.contains($0)
            }
    }
}
