extension HeaderFields {
    /// The members of a comma-separated list over all field lines of this name, blanks trimmed, empty members
    /// left out (RFC 9110 §5.6.1); quoted strings are not parsed.
    package func list(_ name: String) -> [String] {
        values(name).flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ",")).compactMap { member in
                let trimmed = ASCII.trimmed(member)
                return trimmed.isEmpty ? nil : String(decoding: trimmed, as: UTF8.self)
            }
        }
    }

    /// Whether the list contains the token, compared without case.
    package func hasToken(_ token: String, in name: String) -> Bool {
        guard contains(name) else { return false }
        return list(name).contains { ASCII.equalsIgnoringCase($0.utf8, token.utf8) }
    }
}
