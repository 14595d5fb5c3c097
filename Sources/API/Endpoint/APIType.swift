/// The type of a parameter, a body, a member or an answer, as JSON Schema describes it in `/openapi.json`.
///
/// A text and a number have separate bounds, so that one type can be "an integer from 0 on, or its digits".
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
    /// The pattern of a text (ECMA 262).
    package var pattern: String?
    /// The well-known form of a text: `date-time`, `uri`, `uuid`.
    package var format: String?
    /// The allowed words of a text; empty for any.
    package var words: [String] = []
    /// The type of the elements of an array.
    package var items: [APIType] = []
    /// The most elements of an array.
    package var mostItems: Int?
    /// The type of members with arbitrary names.
    package var values: [APIType] = []
    /// The named schema of an object.
    package var schema: APISchema?
    /// Alternative types.
    package var alternatives: [APIType] = []
    /// A sentence for what a type can't express.
    package var note: String?

    /// Makes a type.
    package init(_ kinds: Kind...) {
        self.kinds = kinds
    }

    /// The same type with a note.
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
    /// Any object.
    package static let object = APIType(.object)
    /// Any number.
    package static let number = APIType(.number)
    /// A count.
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
    /// Any text that a client may send: U+0000 is refused, since PostgreSQL cannot store it.
    package static var sentText: APIType { .matching(#"^[^\u0000]*$"#) }

    /// An integer, at least `least`.
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

    /// An object whose members have arbitrary names.
    package static func map(_ values: APIType) -> APIType {
        var type = APIType(.object)
        type.values = [values]
        return type
    }

    /// An object with a named schema.
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

/// A JSON object with its own name in `/openapi.json`.
///
/// Members that it doesn't list are allowed: readers ignore them, and later versions may add members to answers.
package struct APISchema: Sendable {
    /// A member of the object.
    package struct Member: Sendable {
        /// Its name.
        package let name: String
        /// The type of its value.
        package let type: APIType
        /// Whether it is required.
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

    /// The error body of surfaces that give the reason as one sentence.
    package static let error = APISchema(
        "Error",
        [Member("detail", APIType.text.noting("What was wrong, and what to do next."))]
    )
}
