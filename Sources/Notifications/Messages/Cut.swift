/// Cuts texts to the limits of receivers, between characters as people see them. Contract pipelogiq §6.8.
enum Cut {
    /// What a receiver counts.
    enum Limit: Sendable {
        /// Code units of UTF-16, as most services count; never less than their characters.
        case utf16(Int)
        /// Bytes of UTF-8.
        case bytes(Int)

        var count: Int {
            switch self {
            case .utf16(let count), .bytes(let count): count
            }
        }

        func size(_ text: some StringProtocol) -> Int {
            switch self {
            case .utf16: text.utf16.count
            case .bytes: text.utf8.count
            }
        }
    }

    /// The text if it fits; otherwise as much of its beginning as fits before an ellipsis.
    static func text(_ text: String, to limit: Limit) -> String {
        Cut.text(text, to: limit) { String($0) }
    }

    /// The same for a text that is sent with each character as `spell` writes it; what was spelt is never split.
    static func text(_ text: String, to limit: Limit, spell: (Character) -> String) -> String {
        let room = limit.count - limit.size("…")
        var (whole, size, fitting) = ("", 0, 0)
        var isOpen = true
        for character in text {
            let spelt = spell(character)
            size += limit.size(spelt)
            if size > limit.count {
                return room < 0 ? "" : String(decoding: whole.utf8.prefix(fitting), as: UTF8.self) + "…"
            }
            whole += spelt
            if isOpen, size <= room { fitting = whole.utf8.count } else { isOpen = false }
        }
        return whole
    }
}
