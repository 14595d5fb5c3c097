internal import Core
internal import Crypto
internal import Outbound

/// The generic webhook. Contract beampipe §4.4, pipelogiq §6.6 and §6.7.
extension Attempt {
    func webhook() async -> SendOutcome {
        guard let url = configuration.text("url") else {
            return .refused(status: nil, why: "there is no url")
        }
        let body = webhookBody()
        let result = await post(url, body, fields: webhookFields(body))
        return result.read { response in
            // Standard Webhooks: the receiver wants no more of them.
            response.status == 410
                ? .gone(status: 410, why: "HTTP 410: the receiver wants no more messages")
                : Answer.outcome(response, now: options.clock())
        }
    }

    private func webhookBody() -> [UInt8] {
        switch configuration.text("template") {
        case "slack":
            let project = notification.project.map { "[\($0)]" } ?? "[]"
            let text = notification.text.isEmpty ? notification.title : notification.text
            let word = notification.state == .resolved ? "resolved" : notification.severity.rawValue
            return JSONValue(dictionaryLiteral: ("text", .text("*\(word)* \(project)\n\(text)"))).json
        case "pagerduty": return webhookPagerDuty().json
        default: return notification.body.isEmpty ? notification.genericBody.json : notification.body
        }
    }

    /// What upstream sends, and the key with which PagerDuty finds the incident again.
    private func webhookPagerDuty() -> JSONValue {
        [
            "routing_key": .text(configuration.text("routing_key") ?? ""),
            "event_action": notification.state == .resolved ? "resolve" : "trigger",
            "dedup_key": .text(StableKey.fit(notification.incident, 255)),
            "payload": [
                "summary": .text(notification.summary(1024)),
                "severity": .text(notification.severity.rawValue), "source": "beampipe-v2",
                "custom_details": notification.genericBody,
            ],
        ]
    }

    // MARK: - Header fields

    private func webhookFields(_ body: [UInt8]) -> [(name: String, value: String)] {
        let own = (configuration.config["headers"]?.members ?? []).compactMap { member in
            member.value.string.map { (name: member.name, value: $0) }
        }
        let names = Set(own.map { $0.name.lowercased() })
        let usual = [(name: "Content-Type", value: "application/json")].filter {
            !names.contains($0.name.lowercased())
        }
        let fixed = fixedFields(body)
        let fixedNames = Set(fixed.map { $0.name.lowercased() })
        return usual + own.filter { !fixedNames.contains($0.name.lowercased()) } + fixed
    }

    private func fixedFields(_ body: [UInt8]) -> [(name: String, value: String)] {
        let id = notification.id.description
        let time = String(options.clock().unix)
        var fields: [(name: String, value: String)] = [
            ("X-Pipelogiq-Event", HeaderText.line(notification.event)), ("X-Pipelogiq-Delivery", id),
            ("Idempotency-Key", id), ("webhook-id", id), ("webhook-timestamp", time),
        ]
        if let secret = configuration.text("secret") {
            let signature = WebhookSignature(secret: secret)
            fields.append(("X-Pipelogiq-Signature", "t=\(time),v1=\(signature.pipelogiq(time, body))"))
            fields.append(("webhook-signature", "v1,\(signature.standard(id, time, body))"))
        }
        return fields
    }
}

/// Signs bodies with HMAC-SHA256.
struct WebhookSignature: Sendable {
    let secret: String

    /// The signature in hexadecimal of `<time>.<body>`, with the secret as it is written. Contract pipelogiq §6.7.
    func pipelogiq(_ time: String, _ body: [UInt8]) -> String {
        Hex.encode(Self.code(Array("\(time).".utf8) + body, Array(secret.utf8)))
    }

    /// The signature in base64 of `<id>.<time>.<body>`, as Standard Webhooks want it: a secret `whsec_…` is the key in
    /// base64; any other text is the key itself.
    func standard(_ id: String, _ time: String, _ body: [UInt8]) -> String {
        let prefix = "whsec_"
        let decoded = secret.hasPrefix(prefix) ? Base64.decode(secret.dropFirst(prefix.count)) : nil
        return Base64.encode(Self.code(Array("\(id).\(time).".utf8) + body, decoded ?? Array(secret.utf8)))
    }

    private static func code(_ text: [UInt8], _ key: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: key)))
    }
}

/// Keys of bounded length that stay the same for the same incident.
enum StableKey {
    /// The key if it fits; otherwise its beginning and its digest. The limit is in bytes, and at least 66.
    static func fit(_ key: String, _ limit: Int) -> String {
        guard key.utf8.count > limit else { return key }
        var head = ""
        for scalar in key.unicodeScalars {
            guard head.utf8.count + scalar.utf8.count <= limit - 65 else { break }
            head.unicodeScalars.append(scalar)
        }
        return "\(head)#\(digest(key))"
    }

    /// 64 hexadecimal digits.
    static func digest(_ key: String) -> String { Hex.encode(SHA256.hash(data: Array(key.utf8))) }
}

/// Texts for header fields.
enum HeaderText {
    /// The text without control characters and without what is not ASCII.
    static func line(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { (0x20..<0x7F).contains($0.value) }))
    }
}
