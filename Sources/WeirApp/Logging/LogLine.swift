import Core
import Logging

/// One line of the log.
struct LogLine {
    let level: Logger.Level
    let label: String
    let message: String
    /// Sorted by name.
    let metadata: [(String, Logger.Metadata.Value)]

    /// The line with its line break.
    func bytes(_ style: LogStyle, at time: Timestamp) -> [UInt8] {
        switch style {
        case .json: json(at: time)
        case .text: text(at: time)
        }
    }

    private func json(at time: Timestamp) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { line in
            line.member("at", time, offset: .z)
            line.member("level", level.rawValue)
            line.member("message", message)
            line.member("logger", label)
            for (name, value) in metadata {
                line.key(name)
                Self.append(value, to: &line)
            }
        }
        // Terminals show it, too.
        return Array(TerminalText.layout(writer.text).utf8) + [UInt8(ascii: "\n")]
    }

    private static func append(_ value: Logger.Metadata.Value, to writer: inout JSONWriter) {
        switch value {
        case .string(let text): writer.value(text)
        case .stringConvertible(let number as Int): writer.value(number)
        case .stringConvertible(let number as Double): writer.value(number)
        case .stringConvertible(let flag as Bool): writer.value(flag)
        case .stringConvertible(let other): writer.value(other.description)
        case .array(let values):
            writer.array { array in
                for value in values { append(value, to: &array) }
            }
        case .dictionary(let members):
            writer.object { object in
                for (name, value) in members.sorted(by: { $0.key < $1.key }) {
                    object.key(name)
                    append(value, to: &object)
                }
            }
        }
    }

    private func text(at time: Timestamp) -> [UInt8] {
        var line: [UInt8] = []
        time.append(to: &line)
        line += " \(level.rawValue.uppercased()) ".utf8
        line += TerminalText.value(message).utf8
        for (name, value) in metadata {
            line += " \(name)=".utf8
            line += TerminalText.value(Self.quotedIfNeeded("\(value)")).utf8
        }
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func quotedIfNeeded(_ text: String) -> String {
        guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0.isNewline }) else {
            return text
        }
        var quoted: [UInt8] = []
        JSONWriter.appendQuoted(text, to: &quoted)
        return String(decoding: quoted, as: UTF8.self)
    }
}
