/// A whole number of any size, read from a query as Python's `int()` reads it. Contract §1.5.
///
/// Blanks around it, a sign, leading zeros, single underscores between digits and the decimal digits of every script
/// are allowed. The number is echoed with all its digits, and compared as the nearest value of 64 bits.
package struct WholeNumber: Hashable, Sendable {
    /// The most digits; Python refuses longer numbers.
    private static let longest = 4300

    /// The decimal digits without leading zeros, with `-` before a negative number.
    package let text: String
    /// The number, or the nearest one that 64 bits can hold.
    package let clamped: Int64

    /// Wraps a number.
    package init(_ value: Int64) {
        text = String(value)
        clamped = value
    }

    /// Reads a number; nil for anything else.
    package init?(reading value: String) {
        var scalars = value.unicodeScalars[...]
        while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
        while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }

        let isNegative = scalars.first == "-"
        if isNegative || scalars.first == "+" { scalars.removeFirst() }
        guard let digits = Self.digits(of: scalars), digits.count <= Self.longest else { return nil }

        let significant = String(digits.drop { $0 == "0" })
        text = significant.isEmpty ? "0" : (isNegative ? "-" : "") + significant
        clamped = Int64(text) ?? (isNegative ? .min : .max)
    }

    /// ASCII digits for the digits of any script; nil if there are other characters.
    private static func digits(of scalars: Substring.UnicodeScalarView) -> String? {
        var digits = ""
        var underscoreAllowed = false
        for scalar in scalars {
            if scalar == "_", underscoreAllowed {
                underscoreAllowed = false
                continue
            }
            guard scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue else {
                return nil
            }
            digits += String(Int(value))
            underscoreAllowed = true
        }
        return underscoreAllowed ? digits : nil
    }
}
