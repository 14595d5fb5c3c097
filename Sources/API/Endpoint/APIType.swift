/// What a value may be, as JSON Schema says it in `/openapi.json`: of a parameter, a body, a member, an answer.
///
/// A text and a number have their own bounds, so that one type can say "an integer from 0 on, or its digits".
package struct APIType: Sendable {
    /// JSON's kinds of values.
    package enum Kind: String, Sendable {
        case string, integer, number, boolean, object, array, null
    }

    /// The kinds that are allowed; none allows every value.
    package var kinds: [Kind] = []
    /// The least number.
    package var least: Int64?
    /// The greatest number.
    package var most: Int64?
    /// The bounds of a number where 64 bits can't hold them.
    package var range: ClosedRange<Double>?
    /// The fewest characters of a text.
    package var shortest: Int?
    /// The most characters of a text.
    package var longest: Int?
    /// What a text matches (ECMA 262).
    package var pattern: String?
    /// The well-known form of a text: `date-time`, `uri`, `uuid`.
    package var format: String?
    /// The words that a text may be; empty for any.
    package var words: [String] = []
    /// What the elements of an array are.
    package var items: [APIType] = []
    /// The most elements of an array.
    package var mostItems: Int?
    /// What members are whose names nobody knows before.
    package var values: [APIType] = []
    /// The object that it is, described by itself.
    package var schema: APISchema?
    /// One of these instead.
    package var alternatives: [APIType] = []
    /// What a type can't say.
    package var note: String?

    /// Makes a type.
    package init(_ kinds: Kind...) {
        self.kinds = kinds
    }

    /// The same with a sentence that says what a type can't.
    package func noting(_ note: String) -> APIType {
        var type = self
        type.note = note
        return type
    }

    /// This or null.
    package var orNull: APIType {
        let allowsAnything = kinds.isEmpty && schema == nil && alternatives.isEmpty
        if allowsAnything || kinds.contains(.null) { return self }
        guard !kinds.isEmpty else {
            return .any(of: (alternatives.isEmpty ? [self] : alternatives) + [.null])
        }
        var type = self
        type.kinds.append(.null)
        return type
    }
}

// MARK: - Types

extension APIType {
    /// Any JSON value.
    package static let any = APIType()
    /// Any text that Weir writes.
    package static let text = APIType(.string)
    /// True or false.
    package static let flag = APIType(.boolean)
    /// Null alone.
    package static let null = APIType(.null)
    /// An object of which nothing is said.
    package static let object = APIType(.object)
    /// Any number.
    package static let number = APIType(.number)
    /// How many.
    package static let count = integer(0)
    /// A number from 0 on.
    package static var amount: APIType {
        var type = number
        type.least = 0
        return type
    }
    /// A moment as Weir writes it (RFC 3339).
    package static var moment: APIType {
        var type = text
        type.format = "date-time"
        return type
    }
    /// Any text that a client may send: PostgreSQL holds no U+0000, so that it is refused.
    package static var sentText: APIType { .matching(#"^[^\u0000]*$"#) }

    /// An integer from `least` on.
    package static func integer(_ least: Int64) -> APIType {
        var type = APIType(.integer)
        type.least = least
        return type
    }

    /// An integer within bounds.
    package static func integer(_ bounds: ClosedRange<Int64>) -> APIType {
        var type = integer(bounds.lowerBound)
        type.most = bounds.upperBound
        return type
    }

    /// One of these words.
    package static func word(_ words: [String]) -> APIType {
        var type = text
        type.words = words
        return type
    }

    /// A text that matches a pattern.
    package static func matching(_ pattern: String) -> APIType {
        var type = text
        type.pattern = pattern
        return type
    }

    /// An array.
    package static func list(_ items: APIType) -> APIType {
        var type = APIType(.array)
        type.items = [items]
        return type
    }

    /// An object whose members have names that nobody knows before.
    package static func map(_ values: APIType) -> APIType {
        var type = APIType(.object)
        type.values = [values]
        return type
    }

    /// An object that is described by itself.
    package static func named(_ schema: APISchema) -> APIType {
        var type = APIType()
        type.schema = schema
        return type
    }

    /// One of some types.
    package static func any(of alternatives: [APIType]) -> APIType {
        var type = APIType()
        type.alternatives = alternatives
        return type
    }
}

/// A JSON object with a name of its own in `/openapi.json`.
///
/// Members that it doesn't list are allowed: readers ignore them, and answers may get more.
package struct APISchema: Sendable {
    /// A member of the object.
    package struct Member: Sendable {
        /// Its name.
        package let name: String
        /// What it may be.
        package let type: APIType
        /// Whether it must be there.
        package let isRequired: Bool

        /// Makes a description of a member.
        package init(_ name: String, _ type: APIType, isRequired: Bool = true) {
            self.name = name
            self.type = type
            self.isRequired = isRequired
        }
    }

    /// The name, unique in Weir: `Run`.
    package let name: String
    /// The members, in order.
    package let members: [Member]

    /// Makes a schema.
    package init(_ name: String, _ members: [Member]) {
        self.name = name
        self.members = members
    }

    /// What a surface answers when something is wrong and one sentence says it.
    package static let error = APISchema(
        "Error",
        [Member("detail", APIType.text.noting("What was wrong, and what to do next."))]
    )
}
