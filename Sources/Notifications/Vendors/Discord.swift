internal import Core
internal import Outbound

/// Discord's webhooks. Contract pipelogiq §6.10.
extension Attempt {
    func discord() async -> SendOutcome {
        guard let url = configuration.text("url") else {
            return .refused(status: nil, why: "there is no url")
        }
        var query = "wait=true"
        if let thread = configuration.text("thread_id") { query += "&thread_id=\(URLText.encoded(thread))" }
        let target = "\(url)\(url.contains("?") ? "&" : "?")\(query)"
        var body = DiscordMessage.body(notification)
        if let name = configuration.text("username") {
            body["username"] = .text(Cut.text(name, to: .utf16(80)))
        }
        if let picture = configuration.text("avatar_url") { body["avatar_url"] = .text(picture) }
        return await post(target, body).read { response in
            let answer = Answer.json(response)
            switch response.status {
            case 401, 404:
                return .gone(status: response.status, why: "HTTP \(response.status): the webhook was deleted")
            case 429:
                let wait = Answer.duration(answer?["retry_after"]?.double)
                let header = Answer.retryAfter(response, now: options.clock())
                return .again(status: 429, after: wait ?? header, why: "HTTP 429: too many messages")
            default: return Answer.outcome(response, answer?["message"]?.string, now: options.clock())
            }
        }
    }
}

/// A message with one embed.
enum DiscordMessage {
    static let contentLimit = 2000
    static let titleLimit = 256
    static let descriptionLimit = 4096
    static let nameLimit = 256
    static let valueLimit = 1024
    static let fieldCount = 25
    static let embedLimit = 6000

    static func body(_ notification: AlertNotification) -> JSONValue {
        let title = escaped(notification.title, titleLimit)
        var room = embedLimit - title.utf16.count
        var embed: JSONValue = [
            "title": .text(title),
            "color": .number(Array(String(Int(notification.colour, radix: 16) ?? 0).utf8)),
            "timestamp": .text(notification.at.seconds),
        ]
        // Identifiers are short, and are kept; the text gets what is left.
        let fields = fields(notification, room: min(room - 1, 3000))
        room -= fields.reduce(0) { $0 + $1.size }
        let text = escaped(notification.text, min(descriptionLimit, room))
        if !text.isEmpty { embed["description"] = .text(text) }
        if let link = notification.links.first, link.url.utf16.count <= 2000 {
            embed["url"] = .text(link.url)
        }
        embed["fields"] = .list(fields.map(\.json))
        return [
            "content": .text(escaped("[\(notification.tag)] \(notification.title)", contentLimit)),
            "embeds": [embed],
            // The text of an alert calls nobody.
            "allowed_mentions": ["parse": []],
        ]
    }

    private static func fields(
        _ notification: AlertNotification,
        room: Int
    ) -> [(json: JSONValue, size: Int)] {
        let all =
            [("Event", notification.event)] + notification.details.map { ($0.name, $0.value) }
            + (notification.suppressed > 0 ? [("Suppressed", String(notification.suppressed))] : [])
        var room = room
        var fields: [(json: JSONValue, size: Int)] = []
        for (name, value) in all.prefix(fieldCount) where !name.isEmpty && !value.isEmpty {
            let (name, value) = (escaped(name, nameLimit), escaped(value, valueLimit))
            let size = name.utf16.count + value.utf16.count
            guard size <= room else { continue }
            room -= size
            fields.append((["name": .text(name), "value": .text(value), "inline": true], size))
        }
        return fields
    }

    /// Markdown in what others wrote is shown as it is written.
    static func escaped(_ text: String, _ limit: Int) -> String {
        var isAtStart = true
        return Cut.text(text, to: .utf16(limit)) { character in
            defer { isAtStart = character.isNewline }
            if isAtStart, character == "#" { return "\\#" }
            return "\\*_~`|>".contains(character) ? "\\\(character)" : String(character)
        }
    }
}

/// Texts in URLs.
enum URLText {
    /// Percent-encoded but for letters, digits and `-._~`. RFC 3986 §2.3.
    static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-._~".utf8.contains(byte)
            encoded += isPlain ? String(UnicodeScalar(byte)) : "%\(Hex.encode([byte]).uppercased())"
        }
        return encoded
    }
}
