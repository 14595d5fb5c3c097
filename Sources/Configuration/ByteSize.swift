/// A number of bytes as people write it: `64k`, `32MiB`, `1G`; units are powers of 1024.
package struct ByteSize: Hashable, Sendable, CustomStringConvertible {
    /// How many bytes.
    package let bytes: Int

    /// Wraps a number of bytes.
    package init(_ bytes: Int) {
        self.bytes = bytes
    }

    /// Reads digits and a unit (none, `B`, `K`, `M`, `G`, `T`, each also with `B` or `iB`, in any case).
    package init?(_ text: some StringProtocol) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        let unit = text[digits.endIndex...].drop { $0 == " " }.lowercased()
        guard
            let index = ["b", "k", "m", "g", "t"].firstIndex(where: { Self.spellings(of: $0).contains(unit) })
        else { return nil }
        let (product, overflows) = number.multipliedReportingOverflow(by: 1 << (10 * index))
        guard !overflows else { return nil }
        bytes = product
    }

    private static func spellings(of unit: String) -> [String] {
        unit == "b" ? ["", "b"] : [unit, unit + "b", unit + "ib"]
    }

    package var description: String {
        let units = ["TiB", "GiB", "MiB", "KiB"]
        for (index, unit) in units.enumerated() {
            let size = 1 << (10 * (units.count - index))
            if bytes >= size, bytes % size == 0 { return "\(bytes / size)\(unit)" }
        }
        return "\(bytes)B"
    }
}

extension ByteSize {
    /// Rounded to one decimal: `71.6 GiB`.
    package var approximately: String {
        for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes >= 1 << shift {
            return "\((Double(bytes) / Double(1 << shift) * 10).rounded() / 10) \(unit)"
        }
        return "\(bytes) B"
    }
}
