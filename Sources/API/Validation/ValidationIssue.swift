package import Core

/// One error in a request: where, what, and the value that was sent.
///
/// It contains no text: each surface renders it in its own `ValidationDialect`.
package struct ValidationIssue: Sendable {
    /// A step of the path to the value.
    package enum Step: Hashable, Sendable {
        /// A member, a parameter, or the part of the request: `body`, `query`.
        case name(String)
        /// An element of an array, or a character of a text.
        case index(Int)
    }

    /// The kinds of errors: a closed set.
    package enum Cause: Sendable {
        case missing, null
        case notText, notInteger, notNumeric, notWhole, tooBig, notFlag, notFlagWord, notATime
        case notANumber, notANumberText, notADate
        case notAnObject, notAList, notARecord
        /// A text that PostgreSQL cannot store, and why.
        case notStorable(String)
        case notPermitted(given: String, permitted: [String])
        /// A word that is none of those that the protocol has.
        case notLiteral(given: String, permitted: [String])
        case notACursor
        case tooShort(Int)
        case tooLong(Int)
        case below(Int)
        case above(Int)
        /// A rule of the surface, as a sentence.
        case rule(String)
        /// Where the grammar of JSON is broken, counted once: a large body costs a pass for it.
        case notJSON(message: String, at: JSONPosition, in: [UInt8])
        /// More elements than allowed, with advice.
        case tooManyItems(limit: Int, count: Int, advice: String)
        /// More names and values than a body may hold, with advice.
        case tooManyValues(limit: Int, advice: String)
    }

    /// The path to the value, from the part of the request on.
    package let location: [Step]
    /// What is wrong.
    package let cause: Cause
    /// The value as JSON text; empty where no response shows it.
    package let input: ArraySlice<UInt8>

    /// Makes an issue.
    package init(_ location: [Step], _ cause: Cause, _ input: ArraySlice<UInt8> = []) {
        self.location = location
        self.cause = cause
        self.input = input
    }

    /// A body that is not JSON; `input` stands for the value, which nobody could read.
    package static func notJSON(
        _ error: JSONError,
        in body: [UInt8],
        input: ArraySlice<UInt8> = []
    ) -> ValidationIssue {
        let position = JSONPosition(offset: error.offset, in: body)
        return ValidationIssue(
            [.name("body"), .index(position.character)],
            .notJSON(message: error.message, at: position, in: body),
            input
        )
    }
}
