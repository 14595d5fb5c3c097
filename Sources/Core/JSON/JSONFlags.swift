/// Features of a valid document that not every reader accepts.
package struct JSONFlags: OptionSet, Hashable, Sendable {
    /// The bits.
    package let rawValue: UInt8

    /// Makes a set from its bits.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// A string contains `\u0000`.
    package static let nulEscape = JSONFlags(rawValue: 1)
    /// A string contains half of a surrogate pair.
    package static let loneSurrogate = JSONFlags(rawValue: 2)
    /// A number lies beyond 1e±308 or has more than 400 digits.
    package static let extremeNumber = JSONFlags(rawValue: 4)
    /// A container lies within `JSONStorable.maximumDepth` others.
    package static let deepNesting = JSONFlags(rawValue: 8)
    /// line feeds or carriage returns are between the tokens.
    package static let lineBreaksOutsideStrings = JSONFlags(rawValue: 16)
    /// All that PostgreSQL's `jsonb` cannot store or should not store.
    package static let unstorable: JSONFlags = [.nulEscape, .loneSurrogate, .extremeNumber, .deepNesting]
}
