/// The query component as decoded name and value pairs, in order, repeated names kept.
///
/// Read as `application/x-www-form-urlencoded` (WHATWG URL §5.1): pairs divided by `&`, `+` is a space, a
/// name without `=` has an empty value. A `%` that no two hexadecimal digits follow stays as it is.
package struct Query: Sendable, Equatable {
    /// All pairs in order.
    package private(set) var pairs: [Pair] = []

    /// One decoded pair.
    package struct Pair: Sendable, Equatable {
        /// Empty when the pair begins with `=`.
        package var name: String
        /// Empty without a `=`.
        package var value: String
    }

    /// Decodes what follows the `?`; nil and the empty text give no pairs.
    package init(raw: String?) {
        guard let raw else { return }
        for part in raw.utf8.split(separator: UInt8(ascii: "&")) {
            let name = part.prefix { $0 != UInt8(ascii: "=") }
            let value = part.dropFirst(name.count + 1)
            pairs.append(
                Pair(
                    name: PercentCoding.decode(name, plusIsSpace: true),
                    value: PercentCoding.decode(value, plusIsSpace: true)
                )
            )
        }
    }

    /// Whether there are no pairs.
    package var isEmpty: Bool { pairs.isEmpty }

    /// The first value with this name; names are case-sensitive.
    package func first(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    /// All values with this name, in order.
    package func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }
}
