import Core

/// PostgreSQL's text format, from values to bytes.
enum TextFormat {
    static func append(_ value: Bool, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: value ? "t" : "f"))
    }

    static func append(_ value: Int64, to buffer: inout [UInt8]) {
        buffer.append(contentsOf: String(value).utf8)
    }

    /// The shortest digits that parse to the same double; `nan`, `inf` and `-inf` are understood by the server.
    static func append(_ value: Double, to buffer: inout [UInt8]) {
        buffer.append(contentsOf: value.description.utf8)
    }

    static func append(_ value: UUID128, to buffer: inout [UInt8]) {
        value.append(to: &buffer)
    }

    /// ISO 8601; instants outside the years 1…9999 become the nearest end of that range.
    static func append(_ value: Timestamp, to buffer: inout [UInt8]) {
        value.append(to: &buffer)
    }

    static func append(hex bytes: [UInt8], to buffer: inout [UInt8]) {
        buffer.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "x")])
        buffer.reserveCapacity(buffer.count + 2 * bytes.count)
        for byte in bytes {
            buffer.append(hexDigit(byte >> 4))
            buffer.append(hexDigit(byte & 15))
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    // MARK: - Arrays (PostgreSQL documentation, 8.15.2)

    static func append<Item>(
        array: [Item?],
        to buffer: inout [UInt8],
        _ appendItem: (Item, inout [UInt8]) -> Void
    ) {
        buffer.append(UInt8(ascii: "{"))
        for (index, item) in array.enumerated() {
            if index > 0 { buffer.append(UInt8(ascii: ",")) }
            if let item {
                appendItem(item, &buffer)
            } else {
                buffer.append(contentsOf: "NULL".utf8)
            }
        }
        buffer.append(UInt8(ascii: "}"))
    }

    static func append(quoted item: String, to buffer: inout [UInt8]) {
        buffer.append(UInt8(ascii: "\""))
        for byte in item.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                buffer.append(UInt8(ascii: "\\"))
            }
            buffer.append(byte)
        }
        buffer.append(UInt8(ascii: "\""))
    }
}
