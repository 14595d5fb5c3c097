import Glibc
import Synchronization

/// A mail server on a socket that follows a script: it answers each command with a text of its own, and keeps what it
/// was told. Any thread.
package final class SMTPSink: Sendable {
    /// Its port on 127.0.0.1.
    package var port: Int { Int(listener.port) }
    private let listener: LocalListener
    // Guards what it was told.
    private let heard = Mutex<(commands: [String], data: String)>(([], ""))

    /// The commands, without the lines of messages.
    package var commands: [String] { heard.withLock { $0.commands } }
    /// The lines of the last message as they were sent, with their dots.
    package var data: String { heard.withLock { $0.data } }

    /// `answer` gets each command line, `""` for the greeting, and `.` for the end of a message; nil closes the
    /// connection without an answer.
    package init(_ answer: @escaping @Sendable (String) -> String?) throws {
        listener = try LocalListener()
        listener.serve { [weak self] connection in
            defer { close(connection) }
            self?.serve(connection, answer)
        }
    }

    /// What a server answers that takes everything.
    package static func usual(_ command: String) -> String {
        switch command {
        case "": "220 sink.example.org ESMTP"
        case let word where word.hasPrefix("EHLO"):
            "250-sink.example.org\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME"
        case "DATA": "354 go on"
        case "QUIT": "221 bye"
        case "AUTH PLAIN", "AUTH LOGIN": "334 "
        // NUL, `user`, NUL, `secret`.
        case "AHVzZXIAc2VjcmV0": "235 yes"
        default: "250 ok"
        }
    }

    private func serve(_ connection: Int32, _ answer: (String) -> String?) {
        guard Self.say(answer(""), connection) else { return }
        var isData = false
        var text = ""
        while let line = Self.line(connection) {
            if isData, line != "." {
                text += "\(line)\r\n"
                continue
            }
            heard.withLock { heard in
                if isData { heard.data = text } else { heard.commands.append(line) }
            }
            isData = false
            let reply = answer(line)
            guard Self.say(reply, connection) else { return }
            if line == "DATA", reply?.hasPrefix("354") == true { (isData, text) = (true, "") }
        }
    }

    private static func say(_ text: String?, _ connection: Int32) -> Bool {
        guard let text else { return false }
        let bytes = Array("\(text)\r\n".utf8)
        return send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private static func line(_ connection: Int32) -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(connection, &byte, 1) == 1 {
            if byte == 10 {
                return String(decoding: bytes.last == 13 ? bytes.dropLast() : bytes[...], as: UTF8.self)
            }
            bytes.append(byte)
        }
        return nil
    }
}
