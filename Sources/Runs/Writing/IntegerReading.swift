internal import API
internal import Core

/// The accepted spellings of a number in JSON or in a query. Contract §1.1 "Coercions".
enum IntegerReading {
    case success(Int64)
    case failure(ValidationIssue.Cause)

    init(_ node: JSONNode) {
        switch node.kind {
        case .number: self = Self.number(node)
        case .true: self = .success(1)
        case .false: self = .success(0)
        case .string: self.init(text: node.string ?? "")
        case .null, .object, .array: self = .failure(.notInteger)
        }
    }

    /// Digits with an optional sign, underscores between digits, and a fraction of zeros.
    init(text: String) {
        var digits = text.utf8[...]
        let sign = digits.first
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { digits = digits.dropFirst() }
        if let point = digits.firstIndex(of: UInt8(ascii: ".")) {
            let fraction = digits[digits.index(after: point)...]
            guard fraction.allSatisfy({ $0 == UInt8(ascii: "0") }) else {
                self = .failure(.notNumeric)
                return
            }
            digits = digits[..<point]
        }
        guard Self.areDigits(digits) else {
            self = .failure(.notNumeric)
            return
        }
        let plain = String(decoding: digits.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
        let value = Int64(sign == UInt8(ascii: "-") ? "-" + plain : plain)
        self = value.map(Self.success) ?? .failure(.tooBig)
    }

    private static func areDigits(_ digits: Substring.UTF8View) -> Bool {
        var isAfterDigit = false
        for byte in digits {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): isAfterDigit = true
            case UInt8(ascii: "_") where isAfterDigit: isAfterDigit = false
            default: return false
            }
        }
        return isAfterDigit
    }

    private static func number(_ node: JSONNode) -> IntegerReading {
        if let value = node.int64 { return .success(value) }
        guard let double = node.double, double != double.rounded(.towardZero) else {
            return .failure(.tooBig)
        }
        return .failure(.notWhole)
    }
}
