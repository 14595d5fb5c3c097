/// What `/openapi.json` says about a route beside its method and path.
package struct RouteDocumentation: Sendable {
    /// A parameter of the path or the query.
    package struct Parameter: Sendable {
        /// Its name.
        package let name: String
        /// `string`, `integer`, `number`, `boolean`.
        package let type: String
        /// One sentence: meaning, unit, range, default.
        package let summary: String

        /// Makes a description of a parameter.
        package init(_ name: String, _ type: String, _ summary: String) {
            self.name = name
            self.type = type
            self.summary = summary
        }
    }

    /// What a JSON body is.
    package enum Shape: Sendable {
        /// JSON of which nothing is said.
        case any
        case object(APISchema)
        case list(APISchema)

        /// What its objects look like.
        package var schema: APISchema? {
            switch self {
            case .any: nil
            case .object(let schema), .list(let schema): schema
            }
        }
    }

    /// The group in which it is shown: the name of the feature.
    package let tag: String
    /// One sentence that says what it does.
    package let summary: String
    /// Parameters of the query; those of the path are taken from the pattern.
    package let parameters: [Parameter]
    /// The JSON body that it reads; nil when it reads none.
    package let request: Shape?
    /// The body of its answer.
    package let answer: Shape
    /// The status of its answer when all is well; more than one where that tells something.
    package let success: [Int]

    /// Makes the documentation of a route.
    package init(
        tag: String,
        summary: String,
        parameters: [Parameter] = [],
        request: Shape? = nil,
        answer: Shape = .any,
        success: [Int] = [200]
    ) {
        self.tag = tag
        self.summary = summary
        self.parameters = parameters
        self.request = request
        self.answer = answer
        self.success = success
    }
}

/// A JSON object with a name of its own in `/openapi.json`.
package struct APISchema: Sendable {
    /// A member of the object.
    package struct Member: Sendable {
        /// Its name.
        package let name: String
        /// `string`, `integer`, `number`, `boolean`, `object`, `array`.
        package let type: String
        /// Whether null may stand there.
        package let isNullable: Bool
        /// Whether it must be there.
        package let isRequired: Bool
        /// The words that are allowed; empty for any.
        package let words: [String]
        /// The least and the greatest number, or the least and the greatest length of a text.
        package let bounds: ClosedRange<Int64>?

        /// Makes a description of a member.
        package init(
            _ name: String,
            _ type: String,
            isNullable: Bool = false,
            isRequired: Bool = false,
            words: [String] = [],
            bounds: ClosedRange<Int64>? = nil
        ) {
            self.name = name
            self.type = type
            self.isNullable = isNullable
            self.isRequired = isRequired
            self.words = words
            self.bounds = bounds
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
}
