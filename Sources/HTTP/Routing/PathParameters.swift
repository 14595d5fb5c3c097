/// The values a route's pattern caught, percent-decoded, in the order of the pattern.
package struct PathParameters: Sendable, Equatable {
    private var names: [String] = []
    private var values: [String] = []

    /// No parameters.
    package init() {}

    /// The value caught by `{name}`, or by `{name...}` with its slashes.
    package subscript(name: String) -> String? {
        guard let index = names.firstIndex(of: name) else { return nil }
        return values[index]
    }

    /// How many parameters there are.
    package var count: Int { names.count }

    mutating func append(_ name: String, _ value: String) {
        names.append(name)
        values.append(value)
    }
}

extension PathParameters: ExpressibleByDictionaryLiteral {
    /// Parameters for a test or a request made by hand.
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements {
            append(name, value)
        }
    }
}
