internal import Core
internal import Outbound

/// Telegram's bots. Contract pipelogiq §6.6 and §6.10.
extension Attempt {
    func telegram() async -> SendOutcome {
        guard let chat = chatID else { return .refused(status: nil, why: "there is no chat_id") }
        let (outcome, newChat) = await telegram(to: chat)
        guard let newChat else { return outcome }
        // The group became a supergroup, which has another id.
        let note = "the chat has moved: set chat_id to \(newChat)"
        switch await telegram(to: newChat).0 {
        case .sent(let status, _): return .sent(status: status, note: note)
        case .again(let status, let after, let why):
            return .again(status: status, after: after, why: "\(why); \(note)")
        case .refused(let status, let why): return .refused(status: status, why: "\(why); \(note)")
        case .gone(let status, let why): return .gone(status: status, why: "\(why); \(note)")
        }
    }

    private var chatID: String? {
        configuration.config["chat_id"]?.integer.map { String($0) } ?? configuration.text("chat_id")
    }

    /// One request; with the new id of a chat that has moved.
    private func telegram(to chat: String) async -> (SendOutcome, String?) {
        let token = configuration.text("bot_token") ?? ""
        let url = "\(base("api_base", "https://api.telegram.org"))/bot\(token)/sendMessage"
        var body = TelegramMessage.body(notification, chat: chat)
        if let thread = configuration.config["message_thread_id"]?.integer {
            body["message_thread_id"] = .number(Array(String(thread).utf8))
        }
        if configuration.config["silent"]?.bool == true { body["disable_notification"] = true }
        switch await post(url, body) {
        case .failure(let failure): return (failure.outcome, nil)
        case .success(let response):
            let answer = Answer.json(response)
            let moved = answer?["parameters"]?["migrate_to_chat_id"]?.int64.map { String($0) }
            return (outcome(response, answer), response.status == 400 ? moved : nil)
        }
    }

    private func outcome(_ response: OutboundResponse, _ answer: JSONNode?) -> SendOutcome {
        let description = answer?["description"]?.string
        if response.status == 429 {
            let wait = Answer.duration(answer?["parameters"]?["retry_after"]?.double)
            return .again(
                status: 429,
                after: wait ?? Answer.retryAfter(response, now: options.clock()),
                why: "HTTP 429: \(description ?? "too many messages")"
            )
        }
        let outcome = Answer.outcome(response, description, now: options.clock())
        if case .sent = outcome, answer?["ok"]?.bool == false {
            return .refused(status: response.status, why: description ?? "Telegram did not take the message")
        }
        return outcome
    }
}

/// A plain text, without markup.
enum TelegramMessage {
    static let limit = 4096

    static func body(_ notification: AlertNotification, chat: String) -> JSONValue {
        var body: JSONValue = [
            "chat_id": .text(chat), "text": .text(notification.block(.utf16(limit))),
        ]
        if !notification.links.isEmpty { body["link_preview_options"] = ["is_disabled": true] }
        return body
    }
}
