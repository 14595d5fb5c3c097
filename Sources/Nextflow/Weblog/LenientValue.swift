internal import Core

/// Values as people and trace files write them. Contract §2.1, §6 (20, 21, 24): an unreadable value counts as absent,
/// and never causes an error.
extension JSONNode {
    /// The value as text, as PostgreSQL's `->>` returns it; nil for null.
    var lenientText: String? {
        switch kind {
        case .null: nil
        case .string: string
        case .number: numberText
        case .true: "true"
        case .false: "false"
        case .object, .array: String(decoding: rawBytes, as: UTF8.self)
        }
    }

    /// The value as a finite number, with blanks around it allowed; nil for anything else.
    var lenientDouble: Double? {
        switch kind {
        case .number: double.flatMap { $0.isFinite ? $0 : nil }
        case .string: string.flatMap(decimal)
        default: nil
        }
    }

    /// The value as a whole number of 64 bits.
    var lenientInt64: Int64? {
        switch kind {
        case .number: int64
        case .string: string.flatMap { decimal($0) }.flatMap { Int64(exactly: $0) }
        default: nil
        }
    }

    /// The value as a boolean; nil for anything else.
    var lenientBool: Bool? {
        switch kind {
        case .true, .false: bool
        case .string where string == "true": true
        case .string where string == "false": false
        default: nil
        }
    }

    /// Milliseconds since 1970 as a time; 0 means "never". Contract §6 (20).
    var lenientMilliseconds: Timestamp? {
        guard let milliseconds = lenientInt64, milliseconds > 0, milliseconds < 253_402_300_800_000 else {
            return nil
        }
        return Timestamp(microseconds: milliseconds * 1000)
    }
}

/// A decimal number, blanks around it allowed: no hexadecimal, no words for infinity.
private func decimal(_ text: String) -> Double? {
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let bytes = text.utf8.drop(while: blanks.contains).reversed().drop(while: blanks.contains).reversed()
    let allowed = bytes.allSatisfy { byte in
        (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
    }
    guard allowed, let value = Double(String(decoding: bytes, as: UTF8.self)), value.isFinite else {
        return nil
    }
    return value
}
