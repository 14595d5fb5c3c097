internal import Core
internal import Outbound

/// Checks the value of one key against its form. Messages never contain the value, which may be a secret.
struct FieldChecker {
    let path: [String]
    let policy: SecretPolicy
    let kind: ChannelKind

    func problems(_ value: JSONValue, _ form: ChannelField.Form) -> [ConfigProblem] {
        switch form {
        case .url: url(value, mayBePlain: true)
        case .secretURL: url(value, mayBePlain: !policy.isProduction)
        case .text(let limit):
            text(value) { Self.isLine($0, limit) ? nil : "at most \(limit) characters in one line" }
        case .secret: secret(value)
        case .routingKey:
            secret(value)
                + text(value) { key in
                    let isOne = key.utf8.count == 32 && key.utf8.allSatisfy(Self.isWordByte)
                    return isOne ? nil : "a routing key has 32 letters and digits"
                }
        case .word(let words):
            text(value) {
                words.contains($0) ? nil : "the value has to be one of \(words.joined(separator: ", "))"
            }
        case .integer(let range): integer(value, range)
        case .flag: value.bool == nil ? [wrongType("true or false")] : []
        case .headers: headers(value)
        case .address: text(value) { MailAddress($0) == nil ? "this is no e-mail address" : nil }
        case .addresses: list(value, "e-mail addresses") { MailAddress($0) != nil }
        case .telephones: list(value, "telephone numbers, such as +4912345678") { Self.isTelephone($0) }
        case .host: text(value) { Self.isHost($0) ? nil : "this is no host name" }
        case .command: command(value)
        case .chat: chat(value)
        case .objects: objects(value)
        case .template: template(value)
        }
    }

    private func problem(_ code: String, _ message: String, hint: String? = nil) -> ConfigProblem {
        ConfigProblem(path, code, message, hint: hint)
    }

    private func wrongType(_ what: String) -> ConfigProblem { problem("type", "the value has to be \(what)") }

    private func text(_ value: JSONValue, _ objection: (String) -> String?) -> [ConfigProblem] {
        guard let text = value.string else { return [wrongType("a text")] }
        return objection(text).map { [problem("value", $0)] } ?? []
    }

    // MARK: - Forms

    private func url(_ value: JSONValue, mayBePlain: Bool) -> [ConfigProblem] {
        guard let text = value.string else { return [wrongType("a text")] }
        if let port = Self.port(text), !(1...65_535).contains(port) {
            let hint = "write a port from 1 to 65535, or none for the usual one"
            return [problem("url", "the URL has a port that does not exist", hint: hint)]
        }
        guard Self.isLine(text, 2000), !text.contains(where: \.isWhitespace),
            OutboundAddress(text) != nil
        else {
            let hint = "write an absolute URL with a host, such as https://hooks.example.org/services/x"
            return [problem("url", "this is no URL of http or https", hint: hint)]
        }
        if case .alertmanager = kind, Self.hasUser(text) {
            return [problem("url", "the URL has a user name in it", hint: "use the keys user and password")]
        }
        guard mayBePlain || text.lowercased().hasPrefix("https:") else {
            return [problem("url", "in production only https is accepted", hint: "use a URL of https")]
        }
        return []
    }

    private func secret(_ value: JSONValue) -> [ConfigProblem] {
        guard let text = value.string else { return [wrongType("a text, or a reference to a secret")] }
        if text == Redaction.mask {
            return [problem("value", "this is the mask, and not the secret", hint: "write the secret itself")]
        }
        if text.utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 }) {
            return [problem("value", "a secret has no line breaks")]
        }
        return policy.acceptsPlain ? [] : [inline]
    }

    private var inline: ConfigProblem {
        let hint = #"write {"env": "NAME"} or {"file": "/path"} instead of the secret"#
        return problem(
            "inline_secret",
            "in production a secret is not written into the configuration",
            hint: hint
        )
    }

    private func integer(_ value: JSONValue, _ range: ClosedRange<Int>) -> [ConfigProblem] {
        guard case .number = value else { return [wrongType("a whole number")] }
        guard let number = value.integer, range.contains(number) else {
            let bounds =
                range.upperBound == .max
                ? "at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            return [problem("value", "the value has to be a whole number, \(bounds)")]
        }
        return []
    }

    private func list(_ value: JSONValue, _ what: String, _ isOne: (String) -> Bool) -> [ConfigProblem] {
        let configuration = ChannelConfiguration(kind: kind, config: .object([.init("list", value)]))
        switch value {
        case .text: break
        case .list(let elements):
            let wrong = elements.indices.filter { elements[$0].string == nil }
            guard wrong.isEmpty else {
                return wrong.map { ConfigProblem(path + [String($0)], "type", "the value has to be a text") }
            }
        default: return [wrongType("a list of \(what)")]
        }
        let texts = configuration.texts("list")
        if texts.isEmpty { return [problem("missing", "the list is empty: it has to hold \(what)")] }
        return texts.enumerated().filter { !isOne($0.element) }.map {
            ConfigProblem(path + [String($0.offset)], "address", "this is none of \(what)")
        }
    }

    private func headers(_ value: JSONValue) -> [ConfigProblem] {
        guard value.isObject else { return [wrongType("an object with names and values of header fields")] }
        return value.members.flatMap { member -> [ConfigProblem] in
            let path = path + [member.name]
            let name = member.name.utf8
            guard !name.isEmpty, name.allSatisfy(Self.isTokenByte) else {
                return [ConfigProblem(path, "value", "this is no name of a header field")]
            }
            guard !Self.framing.contains(member.name.lowercased()) else {
                return [ConfigProblem(path, "value", "the client sets this field itself", hint: "remove it")]
            }
            if member.value.isObject {
                return ChannelConfiguration.problems(ofReference: member.value, path, policy)
            }
            // Only names that promise a secret need a reference in production. Contract beampipe D22.
            let checker = FieldChecker(
                path: path,
                policy: Redaction.isSecret(member.name) ? policy : .init(),
                kind: kind
            )
            return checker.secret(member.value)
        }
    }

    private func command(_ value: JSONValue) -> [ConfigProblem] {
        guard let words = value.elements, !words.isEmpty, words.allSatisfy({ $0.string != nil }) else {
            return [wrongType("a list of texts: the program and its arguments")]
        }
        let texts = words.compactMap(\.string)
        guard texts[0].hasPrefix("/"), !texts.contains(where: { $0.contains("\0") }) else {
            return [
                problem(
                    "value",
                    "the program has to be an absolute path",
                    hint: "write /usr/local/bin/notify"
                )
            ]
        }
        return []
    }

    private func chat(_ value: JSONValue) -> [ConfigProblem] {
        if case .number = value, value.integer != nil { return [] }
        guard let text = value.string else { return [wrongType("an integer or a text")] }
        let isName =
            text.hasPrefix("@") && text.count > 1
            && text.utf8.dropFirst().allSatisfy { Self.isWordByte($0) || $0 == 95 }
        guard isName || Int(text) != nil else {
            return [problem("value", "a chat is an integer, such as -1001234567890, or @name")]
        }
        return []
    }

    private func objects(_ value: JSONValue) -> [ConfigProblem] {
        guard let elements = value.elements, elements.allSatisfy(\.isObject) else {
            return [wrongType(#"a list of objects, such as {"type": "team", "name": "ops"}"#)]
        }
        return []
    }

    private func template(_ value: JSONValue) -> [ConfigProblem] {
        guard let text = value.string else { return [wrongType("a text")] }
        do throws(MessageTemplate.SyntaxError) {
            _ = try MessageTemplate(text)
            return []
        } catch {
            return [problem("template", error.description, hint: error.hint)]
        }
    }

    // MARK: - Words

    private static let framing: Set<String> = [
        "host", "content-length", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect",
        "proxy-authorization",
    ]

    private static func isLine(_ text: String, _ limit: Int) -> Bool {
        text.utf16.count <= limit && !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }

    private static func isTelephone(_ text: String) -> Bool {
        let digits = text.utf8.filter { (48...57).contains($0) }.count
        return (3...20).contains(digits)
            && text.utf8.allSatisfy { (48...57).contains($0) || "+- ().".utf8.contains($0) }
    }

    private static func isHost(_ text: String) -> Bool {
        !text.isEmpty && OutboundAddress("http://\(text.contains(":") ? "[\(text)]" : text)")?.path == "/"
            && !text.contains { $0 == "/" || $0 == "@" || $0 == "?" || $0 == "#" || $0.isWhitespace }
    }

    /// The port that is written in a URL; 0 for one that is too large for a number.
    private static func port(_ url: String) -> Int? {
        guard let digits = url.firstMatch(of: /^[A-Za-z]+:\/\/[^\/?#]*:([0-9]+)(?:[\/?#]|$)/)?.1 else {
            return nil
        }
        return Int(digits) ?? 0
    }

    private static func hasUser(_ url: String) -> Bool {
        url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).dropFirst(2).first?
            .contains("@") ?? false
    }
}
