/// Replaces `${NAME}` by variables of the environment; `$${` stands for `${` itself.
struct Placeholders {
    struct Fault: Error {
        let message: String
    }

    let variables: [String: String]

    func filled(_ text: String) throws(Fault) -> String {
        guard text.contains("${") else { return text }
        var filled = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if rest[..<start.lowerBound].hasSuffix("$") {
                filled += rest[..<start.lowerBound].dropLast() + "${"
                rest = rest[start.upperBound...]
                continue
            }
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw Fault(message: "${ has no }; write $${ for the characters themselves")
            }
            let name = rest[start.upperBound..<end]
            guard Self.isName(name) else {
                throw Fault(
                    message:
                        "${\(name)} names no variable of the environment; write $${ for the characters themselves"
                )
            }
            guard let value = variables[String(name)], !value.isEmpty else {
                throw Fault(message: "the variable \(name) is not set in the environment")
            }
            filled += rest[..<start.lowerBound] + value
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }

    /// Text that stays as it is when it is filled.
    static func escaped(_ text: String) -> String { text.replacing("${", with: "$${") }

    private static func isName(_ text: Substring) -> Bool {
        guard let first = text.utf8.first, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
        }
    }
}
