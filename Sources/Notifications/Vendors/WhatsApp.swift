internal import Core
internal import Outbound

/// WhatsApp, through a provider. Contract pipelogiq §6.10.
extension Attempt {
    func whatsApp() async -> SendOutcome {
        let recipients = configuration.texts("to")
        switch configuration.text("provider") ?? "generic" {
        case "meta": return await toEach(recipients, whatsAppMeta)
        case "twilio": return await toEach(recipients, whatsAppTwilio)
        default:
            guard let url = configuration.text("url") else {
                return .refused(status: nil, why: "there is no url")
            }
            let body: JSONValue = [
                "source": "pipelogiq", "channel": "whatsapp", "to": .list(recipients.map { .text($0) }),
                "text": .text(notification.block(.utf16(WhatsAppMessage.limit))),
                "alert": notification.genericBody["alert"].flatMap { $0.isObject ? $0 : nil }
                    ?? notification.genericBody,
            ]
            return await post(url, body).read { Answer.outcome($0, now: options.clock()) }
        }
    }

    private func toEach(
        _ recipients: [String],
        _ send: (String) async -> SendOutcome
    ) async -> SendOutcome {
        var outcomes: [(recipient: String, outcome: SendOutcome)] = []
        for recipient in recipients { outcomes.append((recipient, await send(recipient))) }
        return SendOutcome.combined(outcomes)
    }

    private func whatsAppMeta(_ recipient: String) async -> SendOutcome {
        guard let url = configuration.text("url") else {
            return .refused(status: nil, why: "there is no url")
        }
        let target = options.bases[.whatsapp] ?? url
        let body = WhatsAppMessage.meta(
            notification,
            to: recipient,
            template: configuration.text("template_name"),
            language: configuration.text("template_language") ?? "en_US"
        )
        let token = configuration.text("access_token") ?? ""
        return await post(target, body, fields: [("Authorization", "Bearer \(token)")]).read { response in
            let fault = Answer.json(response)?["error"]
            guard let code = fault?["code"]?.int64 else {
                return Answer.outcome(response, now: options.clock())
            }
            return WhatsAppMessage.outcome(response, code, fault?["message"]?.string, options.clock())
        }
    }

    private func whatsAppTwilio(_ recipient: String) async -> SendOutcome {
        let account = configuration.text("account_sid") ?? ""
        let path = "2010-04-01/Accounts/\(URLText.encoded(account))/Messages.json"
        let credentials = Base64.encode(Array("\(account):\(configuration.text("auth_token") ?? "")".utf8))
        let form = WhatsAppMessage.twilio(
            notification,
            from: configuration.text("from") ?? "",
            to: recipient,
            content: configuration.text("content_sid")
        )
        let result = await post(
            "\(base("api_base", "https://api.twilio.com"))/\(path)",
            Array(form.utf8),
            fields: [
                ("Content-Type", "application/x-www-form-urlencoded"),
                ("Authorization", "Basic \(credentials)"),
            ]
        )
        return result.read { Answer.outcome($0, Answer.json($0)?["message"]?.string, now: options.clock()) }
    }
}

/// Messages for the providers.
enum WhatsAppMessage {
    static let limit = 4096
    static let twilioLimit = 1600
    static let parameterLimit = 1024

    /// The Cloud API: free text, or a template with the text as its one parameter.
    static func meta(
        _ notification: AlertNotification,
        to recipient: String,
        template: String?,
        language: String
    ) -> JSONValue {
        var body: JSONValue = [
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": .text(recipient),
        ]
        guard let template else {
            body["type"] = "text"
            body["text"] = ["preview_url": false, "body": .text(notification.block(.utf16(limit)))]
            return body
        }
        let parameter: JSONValue = ["type": "text", "text": .text(parameter(notification))]
        body["type"] = "template"
        body["template"] = [
            "name": .text(template), "language": ["code": .text(language)],
            "components": [["type": "body", "parameters": [parameter]]],
        ]
        return body
    }

    /// Without line breaks, tabs and runs of blanks, which parameters may not contain.
    static func parameter(_ notification: AlertNotification) -> String {
        let words = notification.block(.utf16(limit)).split { $0.isWhitespace || $0.isNewline }
        return Cut.text(words.joined(separator: " "), to: .utf16(parameterLimit))
    }

    static func twilio(_ notification: AlertNotification, from: String, to: String, content: String?)
        -> String
    {
        func number(_ text: String) -> String { text.hasPrefix("whatsapp:") ? text : "whatsapp:\(text)" }
        var form = [("From", number(from)), ("To", number(to))]
        if let content {
            let variables: JSONValue = ["1": .text(parameter(notification))]
            form += [
                ("ContentSid", content),
                ("ContentVariables", String(decoding: variables.json, as: UTF8.self)),
            ]
        } else {
            form.append(("Body", notification.block(.utf16(twilioLimit))))
        }
        return form.map { "\($0.0)=\(URLText.encoded($0.1))" }.joined(separator: "&")
    }

    /// Codes of the Cloud API that pass by themselves: its limits of rate, and its own trouble.
    private static let passing: Set<Int64> = [4, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056]

    static func outcome(
        _ response: OutboundResponse,
        _ code: Int64,
        _ message: String?,
        _ now: Timestamp
    ) -> SendOutcome {
        let why = "code \(code)\(message.map { ": \($0)" } ?? "")"
        if passing.contains(code) {
            let after = Answer.retryAfter(response, now: now)
            return .again(status: response.status, after: after, why: "HTTP \(response.status): \(why)")
        }
        let hint =
            code == 131_047 ? "; more than 24 hours passed since the recipient wrote: set template_name" : ""
        return Answer.outcome(response, why + hint, now: now)
    }
}
