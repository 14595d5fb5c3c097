/// A small random generator that gives the same numbers for the same seed on every machine (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts a sequence.
    package init(seed: UInt64) {
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number in 0..<1.
    mutating func fraction() -> Double {
        Double(next() >> 11) / Double(1 << 53)
    }

    /// True with this probability.
    mutating func chance(_ probability: Double) -> Bool {
        fraction() < probability
    }

    /// A number around 1 with a long tail to the right, like durations and memory.
    mutating func spread() -> Double {
        // The product of three uniform factors is skewed enough, and needs no logarithm.
        (0.4 + 1.2 * fraction()) * (0.7 + 0.6 * fraction()) * (0.8 + 0.4 * fraction())
    }

    /// An element; nil for an empty list.
    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.randomElement(using: &self)
    }

    /// Lower-case hexadecimal digits.
    mutating func hexDigits(_ count: Int) -> String {
        let digits = Array("0123456789abcdef")
        return String((0..<count).map { _ in digits[Int(next() & 15)] })
    }
}
