/// A parameter of the query or of the path: the one declaration from which the reader, the error and `/openapi.json`
/// take its bounds, words and default.
package struct APIParameter: Sendable {
    /// Its name.
    package let name: String
    /// The type of its value.
    package let type: APIType
    /// What it means, as a sentence.
    package let summary: String
    /// The default as JSON text; nil without one.
    package let fallback: String?
    /// Whether an empty value is allowed, and treated as absent.
    package let mayBeEmpty: Bool

    /// Makes a declaration.
    package init(
        _ name: String,
        _ type: APIType,
        _ summary: String,
        fallback: String? = nil,
        mayBeEmpty: Bool = false
    ) {
        self.name = name
        self.type = type
        self.summary = summary
        self.fallback = fallback
        self.mayBeEmpty = mayBeEmpty
    }

    /// A text.
    package static func text(_ name: String, _ summary: String) -> APIParameter {
        APIParameter(name, .sentText, summary)
    }

    /// An integer within bounds.
    package static func integer(
        _ name: String,
        _ bounds: ClosedRange<Int>,
        default fallback: Int? = nil,
        _ summary: String
    ) -> APIParameter {
        let range = Int64(bounds.lowerBound)...Int64(bounds.upperBound)
        return APIParameter(name, .integer(range), summary, fallback: fallback.map(String.init))
    }

    /// An integer of any size, at least `least`.
    package static func integer(
        _ name: String,
        atLeast least: Int,
        default fallback: Int? = nil,
        _ summary: String
    ) -> APIParameter {
        APIParameter(name, .integer(Int64(least)), summary, fallback: fallback.map(String.init))
    }

    /// One of a few words.
    package static func word(
        _ name: String,
        _ words: [String],
        default fallback: String? = nil,
        _ summary: String
    ) -> APIParameter {
        APIParameter(name, .word(words), summary, fallback: fallback.map { "\"\($0)\"" })
    }

    /// Any number of a few words, repeated or separated by commas.
    package static func words(_ name: String, _ words: [String], _ summary: String) -> APIParameter {
        // An empty value is none of them, and does not filter.
        APIParameter(name, .list(.word(words + [""])), summary)
    }

    /// The allowed words.
    package var words: [String] { (type.items.first?.words ?? type.words).filter { !$0.isEmpty } }

    /// The default of an integer; 0 without one.
    package var fallbackNumber: Int { fallback.flatMap { Int($0) } ?? 0 }
}
