/// A share in hundredths of a per cent, rounded half up with integers. Contract §2.1, pct.
struct Percentage: Hashable, Comparable, Sendable {
    /// 4444 for 44.44 %.
    let hundredths: Int64

    /// The share of `part` in `whole`, both at least 0; nil when `whole` is 0.
    init?(_ part: Int64, of whole: Int64) {
        guard whole > 0 else { return nil }
        // 20,000 times a count fits into 64 bits for up to 4 * 10^14 completions.
        hundredths = (part * 20_000 + whole) / (whole * 2)
    }

    /// The number as it is shown: the double nearest to the decimal.
    var value: Double { Double(hundredths) / 100 }

    static func < (left: Percentage, right: Percentage) -> Bool {
        left.hundredths < right.hundredths
    }
}
