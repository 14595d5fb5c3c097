/// Numbers as the Prometheus text format writes them.
enum PrometheusNumber {
    /// A decimal number, `Inf`, `Infinity` or `NaN` in any case; nil for anything else, hexadecimal digits and numbers
    /// beyond the range of a double included.
    static func double(_ bytes: ArraySlice<UInt8>) -> Double? {
        let text = String(decoding: bytes, as: UTF8.self)
        switch text.lowercased() {
        case "nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: break
        }
        guard bytes.allSatisfy(isDecimal), let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// A whole number with an optional sign.
    static func integer(_ bytes: ArraySlice<UInt8>) -> Int64? {
        Int64(String(decoding: bytes, as: UTF8.self))
    }

    private static func isDecimal(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
    }
}
