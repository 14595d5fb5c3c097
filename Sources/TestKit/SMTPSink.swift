import Dispatch
import Glibc
import Synchronization

/// A mail server on a socket that follows a script: it answers each command with a text of its own, and keeps what it
/// was told. Any thread.
package final class SMTPSink: Sendable {
    /// The system gave no socket.
    package struct NoSocket: Error {}

    /// Its port on 127.0.0.1.
    package let port: Int
    private let descriptor: Int32
    // Guards what it was told.
    private let heard = Mutex<(commands: [String], data: String)>(([], ""))

    /// The commands, without the lines of messages.
    package var commands: [String] { heard.withLock { $0.commands } }
    /// The lines of the last message as they were sent, with their dots.
    package var data: String { heard.withLock { $0.data } }

    /// `answer` gets each command line, `""` for the greeting, and `.` for the end of a message; nil closes the
    /// connection without an answer.
    package init(_ answer: @escaping @Sendable (String) -> String?) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 16) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw NoSocket() }
        port = Int(UInt16(bigEndian: address.sin_port))
        let queue = DispatchQueue(label: "sink", attributes: .concurrent)
        queue.async { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self else { return }
                queue.async { self.serve(connection, answer) }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
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
        defer { close(connection) }
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
