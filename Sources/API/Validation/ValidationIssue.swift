package import Core

/// One thing that is wrong with a request: where, what, and the value that was sent.
///
/// It says nothing about words: each surface renders it in its own `ValidationDialect`.
package struct ValidationIssue: Sendable {
    /// A step on the way to the value.
    package enum Step: Hashable, Sendable {
        /// A member, a parameter, or the part of the request: `body`, `query`.
        case name(String)
        /// An element of an array, or a character of a text.
        case index(Int)
    }

    /// What is wrong: a closed set.
    package enum Cause: Sendable {
        case missing, null
        case notText, notInteger, notNumeric, notWhole, tooBig, notFlag, notFlagWord, notATime
        case notAnObject, notAList, notARecord
        /// A text that PostgreSQL cannot store, and what it holds.
        case notStorable(String)
        case notPermitted(given: String, permitted: [String])
        case notACursor
        case tooShort(Int)
        case tooLong(Int)
        case below(Int)
        case above(Int)
        /// A rule of the surface, in a sentence.
        case rule(String)
        case notJSON(JSONError, in: [UInt8])
        /// More elements than allowed; the advice says what to do.
        case tooManyItems(limit: Int, count: Int, advice: String)
        /// More names and values than a body may hold; the advice says what to do.
        case tooManyValues(limit: Int, advice: String)
    }

    /// The way to the value, from the part of the request on.
    package let location: [Step]
    /// What is wrong.
    package let cause: Cause
    /// The value as JSON text; empty where nobody shows it.
    package let input: ArraySlice<UInt8>

    /// Makes an issue.
    package init(_ location: [Step], _ cause: Cause, _ input: ArraySlice<UInt8> = []) {
        self.location = location
        self.cause = cause
        self.input = input
    }
}
