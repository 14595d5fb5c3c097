internal import Core
internal import HTTP

/// A message of text and HTML. RFC 5322, RFC 2045–2047; contract pipelogiq §6.10.
struct MailMessage: Sendable {
    /// With CRLF at the end of each line; without the dots that SMTP adds.
    let bytes: [UInt8]

    /// Writes the message; its id is the same in each attempt, and its thread the same for each message of an incident.
    init(_ notification: AlertNotification, from: String, to recipients: [String], at time: Timestamp) {
        let domain = MailAddress(from)?.domain ?? "localhost"
        let thread = "<incident.\(StableKey.digest(notification.incident).prefix(40))@\(domain)>"
        let boundary = "weir-\(notification.id)"
        var lines = [
            "From: \(from)", "To: \(Self.folded(recipients))",
            "Subject: \(EncodedWord.header(Self.subject(notification), after: "Subject: ".count))",
            "Date: \(Self.date(time))", "Message-ID: <\(notification.id)@\(domain)>",
            "In-Reply-To: \(thread)", "References: \(thread)", "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "X-Pipelogiq-Event: \(Self.plain(notification.event))",
            "X-Weir-State: \(notification.state.rawValue)",
            "X-Weir-Severity: \(notification.severity.rawValue)",
        ]
        lines += Self.folded("X-Weir-Incident: ", Self.plain(notification.incident))
        lines += [
            "MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=\"\(boundary)\"", "",
        ]
        for (type, text) in [
            ("plain", notification.block(.bytes(200_000))), ("html", MailHTML.page(notification)),
        ] {
            lines += [
                "--\(boundary)", "Content-Type: text/\(type); charset=utf-8",
                "Content-Transfer-Encoding: quoted-printable", "",
            ]
            lines += QuotedPrintable.lines(text)
        }
        lines += ["--\(boundary)--", ""]
        bytes = Array(lines.joined(separator: "\r\n").utf8)
    }

    /// `[Pipelogiq][ERROR] Stage failed – orders.checkout`, or `[beampipe] error — Pipeline 12 …`.
    static func subject(_ notification: AlertNotification) -> String {
        switch notification.dialect {
        case .pipelogiq:
            let project = notification.project.map { " – \($0)" } ?? ""
            return Cut.text(
                "[Pipelogiq][\(notification.tag)] \(notification.title)\(project)",
                to: .utf16(250)
            )
        case .beampipe:
            let word = notification.state == .resolved ? "resolved" : notification.severity.rawValue
            return "[beampipe] \(word) — \(notification.summary(220))"
        }
    }

    /// `Sun, 06 Nov 1994 08:49:37 +0000`. RFC 5322 §3.3.
    private static func date(_ time: Timestamp) -> String {
        let text = String(decoding: IMFFixdate.bytes(secondsSince1970: time.unix), as: UTF8.self)
        return text.replacing("GMT", with: "+0000")
    }

    private static func folded(_ recipients: [String]) -> String { recipients.joined(separator: ",\r\n ") }

    /// Without what could end a line, and in ASCII.
    private static func plain(_ text: String) -> String { String(HeaderText.line(text).prefix(900)) }

    /// A field whose value has no blanks at which to fold: in a line of its own when it is long.
    private static func folded(_ name: String, _ value: String) -> [String] {
        name.count + value.count <= 78 ? ["\(name)\(value)"] : [name, " \(value)"].filter { !$0.isEmpty }
    }
}

/// Encoded words of header fields. RFC 2047.
enum EncodedWord {
    /// The text as it is where it is printable ASCII; otherwise in base64 words of at most 75 characters, folded.
    static func header(_ text: String, after used: Int) -> String {
        let line = String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
            )
        )
        let isPlain = line.utf8.allSatisfy { $0 < 0x7F } && !line.contains("=?")
        guard !isPlain || used + line.utf8.count > 900 else { return line }
        var words: [String] = []
        var bytes: [UInt8] = []
        // 75 characters without `=?UTF-8?B?` and `?=` hold 45 bytes; the first line has the field's name, too.
        var room = 33
        for scalar in line.unicodeScalars {
            let next = Array(String(scalar).utf8)
            if bytes.count + next.count > room {
                words.append("=?UTF-8?B?\(Base64.encode(bytes))?=")
                (bytes, room) = ([], 45)
            }
            bytes += next
        }
        words.append("=?UTF-8?B?\(Base64.encode(bytes))?=")
        return words.joined(separator: "\r\n ")
    }
}

/// Text in lines of at most 76 characters of ASCII. RFC 2045 §6.7.
enum QuotedPrintable {
    static func lines(_ text: String) -> [String] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).flatMap { encoded($0) }
    }

    private static func encoded(_ line: Substring) -> [String] {
        let bytes = Array(line.utf8)
        var lines: [String] = []
        var current = ""
        for (index, byte) in bytes.enumerated() {
            let isBlank = byte == 32 || byte == 9
            let isPlain = ((33...126).contains(byte) && byte != 61) || (isBlank && index < bytes.count - 1)
            let spelt = isPlain ? String(UnicodeScalar(byte)) : "=\(Hex.encode([byte]).uppercased())"
            if current.utf8.count + spelt.utf8.count > 75 {
                lines.append("\(current)=")
                current = ""
            }
            current += spelt
        }
        return lines + [current]
    }
}

/// The notification as a small page.
enum MailHTML {
    static func page(_ notification: AlertNotification) -> String {
        let text = Cut.text(notification.text, to: .bytes(100_000)).split(
            omittingEmptySubsequences: false,
            whereSeparator: \.isNewline
        )
        let facts =
            [("Event", notification.event), ("Time", notification.at.seconds)]
            + notification.details.map { ($0.name, $0.value) }
            + (notification.suppressed > 0 ? [("Suppressed", String(notification.suppressed))] : [])
        let rows = facts.map { name, value in
            "<tr><th align=\"left\">\(escaped(name))</th><td>\(escaped(Cut.text(value, to: .utf16(2000))))</td></tr>"
        }
        let links = notification.links.filter { isWeb($0.url) }.map { link in
            "<p><a href=\"\(escaped(link.url))\">\(escaped(link.text))</a></p>"
        }
        return
            (["<!DOCTYPE html>", "<html><body style=\"font-family:sans-serif\">"]
            + [
                "<h2 style=\"color:#\(notification.colour)\">[\(notification.tag)] \(escaped(notification.title))</h2>"
            ]
            + ["<p>\(text.map { escaped(String($0)) }.joined(separator: "<br>\n"))</p>", "<table>"]
            + rows + ["</table>"] + links + ["</body></html>"]).joined(separator: "\n")
    }

    private static func isWeb(_ url: String) -> Bool {
        let url = url.lowercased()
        return url.hasPrefix("https://") || url.hasPrefix("http://")
    }

    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
    }
}
