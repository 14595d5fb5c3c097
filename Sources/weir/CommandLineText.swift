import Glibc
import WeirClient

/// A command line for the run's record: quoted for a shell, with values masked that look like secrets.
enum CommandLineText {
    private static let mask = ShownURL.mask
    private static let longest = 8192
    /// Parts of names whose values are secrets, in small letters and without hyphens and underscores.
    private static let secrets = [
        "password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey",
        "credential", "authorization",
    ]

    /// The text of a command; `names` are further names whose values are masked.
    static func make(_ command: [[UInt8]], masking names: [String]) -> String {
        let secrets = secrets + names.map(plain).filter { !$0.isEmpty }
        var words: [String] = []
        var masksNext = false
        for word in command.map({ String(decoding: $0, as: UTF8.self) }) {
            if masksNext, !word.hasPrefix("-") {
                words.append(mask)
                masksNext = false
                continue
            }
            words.append(quoted(masked(word, secrets)))
            masksNext = word.hasPrefix("-") && !word.contains("=") && isSecret(word, secrets)
        }
        let text = words.joined(separator: " ")
        return text.utf8.count <= longest ? text : "\(text.prefix(longest))…"
    }

    /// The bytes of the words after `--`, which Swift's list of arguments has decoded to text.
    static func bytes(ofLast count: Int) -> [[UInt8]] {
        let first = Int(CommandLine.argc) - count
        return (first..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { pointer in
                UnsafeBufferPointer(start: pointer, count: strlen(pointer)).map { UInt8(bitPattern: $0) }
            }
        }
    }

    /// `--token=x`, `TOKEN=x` and `https://user:x@host`.
    private static func masked(_ word: String, _ secrets: [String]) -> String {
        if let equals = word.firstIndex(of: "="), isSecret(word[..<equals], secrets) {
            return word[...equals] + mask
        }
        if let colon = word.firstIndex(of: ":"), isSecret(word[..<colon], secrets), word.contains(" ") {
            return word[...colon] + " " + mask
        }
        return ShownURL.text(word)
    }

    private static func isSecret(_ name: some StringProtocol, _ secrets: [String]) -> Bool {
        let name = plain(name)
        return secrets.contains { name.contains($0) }
    }

    private static func plain(_ name: some StringProtocol) -> String {
        name.lowercased().filter { $0 != "-" && $0 != "_" }
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || "-_=+,./:@%[]".unicodeScalars.contains(scalar)
        }
        return plain && !word.isEmpty ? word : "'\(word.replacing("'", with: #"'\''"#))'"
    }
}
