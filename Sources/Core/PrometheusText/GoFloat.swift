/// Numbers as Go writes them with `strconv.FormatFloat(x, 'g', -1, 64)`: the bounds of buckets are labels, and a label
/// must be the same whichever format it was pushed in.
package enum GoFloat {
    /// The shortest text that reads back as the same number: `10`, `0.5`, `1e+06`, `+Inf`.
    package static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        let sign = value.sign == .minus ? "-" : ""
        guard value != 0 else { return "\(sign)0" }
        let (digits, exponent) = shortest(value.magnitude)
        return sign + ((-4..<6).contains(exponent) ? plain(digits, exponent) : scientific(digits, exponent))
    }

    private static func shortest(_ value: Double) -> (digits: [Character], exponent: Int) {
        let parts = value.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let shift = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        var digits = Array(mantissa[0] + fraction)
        let zeros = digits.prefix { $0 == "0" }.count
        digits.removeFirst(zeros)
        while digits.last == "0" { digits.removeLast() }
        return (digits, mantissa[0].count - 1 - zeros + shift)
    }

    private static func scientific(_ digits: [Character], _ exponent: Int) -> String {
        let fraction = digits.count > 1 ? ".\(String(digits.dropFirst()))" : ""
        let size = String(exponent.magnitude)
        let padded = size.count < 2 ? "0\(size)" : size
        return "\(digits[0])\(fraction)e\(exponent < 0 ? "-" : "+")\(padded)"
    }

    private static func plain(_ digits: [Character], _ exponent: Int) -> String {
        if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + String(digits) }
        guard digits.count > exponent + 1 else {
            return String(digits) + String(repeating: "0", count: exponent + 1 - digits.count)
        }
        return String(digits[...exponent]) + "." + String(digits[(exponent + 1)...])
    }
}
