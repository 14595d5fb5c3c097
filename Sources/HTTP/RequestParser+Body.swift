extension RequestParser {
    mutating func startBody(_ framing: BodyFraming) throws(RequestError) {
        switch framing {
        case .none:
            state = .complete
        case .length(let length):
            guard length <= bodyLimit else { throw RequestError(.bodyTooLarge, limit: bodyLimit) }
            state = length == 0 ? .complete : .body(remaining: length)
        case .chunked:
            state = .chunkSize
        }
    }

    mutating func readBody(
        _ remaining: Int,
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) -> Event {
        let count = min(remaining, bytes.count - offset)
        guard count > 0 else { return .needMore }
        offset += count
        state = count == remaining ? .complete : .body(remaining: remaining - count)
        return .body(offset - count..<offset)
    }

    // RFC 9112 §7.1: chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF.
    mutating func readChunkSize(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(RequestError) -> Event? {
        let tooLong = RequestError(.chunkExtensionsTooLarge, limit: limits.chunkExtensionBytes)
        let allowance = ChunkSize.maximumDigits + limits.chunkExtensionBytes - chunkExtensionBytes
        let line = try lines.next(in: bytes, at: &offset, limit: allowance, tooLong: tooLong)
        guard let line else { return .needMore }
        let chunk = try line.withBytes(in: bytes, ChunkSize.init(parsing:))
        chunkExtensionBytes += chunk.extensionBytes
        guard chunkExtensionBytes <= limits.chunkExtensionBytes else { throw tooLong }
        guard chunk.size <= bodyLimit - bodyBytes else {
            throw RequestError(.bodyTooLarge, limit: bodyLimit)
        }
        bodyBytes += chunk.size
        state = chunk.size == 0 ? .trailers : .chunkData(remaining: chunk.size)
        return nil
    }

    mutating func readChunkData(
        _ remaining: Int,
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) -> Event {
        let count = min(remaining, bytes.count - offset)
        guard count > 0 else { return .needMore }
        offset += count
        state = count == remaining ? .chunkEnd : .chunkData(remaining: remaining - count)
        return .body(offset - count..<offset)
    }

    mutating func readChunkEnd(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(RequestError) -> Event? {
        let notEmpty = RequestError(.malformedChunk)
        guard try lines.next(in: bytes, at: &offset, limit: 0, tooLong: notEmpty) != nil else {
            return .needMore
        }
        state = .chunkSize
        return nil
    }
}

/// The line before a chunk's data (RFC 9112 §7.1.1); extensions are counted and ignored.
struct ChunkSize {
    /// 2^63 - 1 in hexadecimal; more digits are refused even if they are zeros.
    static let maximumDigits = 16

    let size: Int
    let extensionBytes: Int

    init(parsing line: UnsafeRawBufferPointer) throws(RequestError) {
        let digits = line.prefix { ASCII.hexValue($0) != nil }
        guard !digits.isEmpty, digits.count <= Self.maximumDigits else { throw RequestError(.malformedChunk) }
        var value: UInt64 = 0
        for digit in digits {
            value = value << 4 | UInt64(ASCII.hexValue(digit) ?? 0)
        }
        guard let size = Int(exactly: value) else { throw RequestError(.malformedChunk) }
        let rest = UnsafeRawBufferPointer(rebasing: line[digits.endIndex...])
        try FieldSection.checkCharacters(rest)
        let marker = rest.first { !ASCII.isBlank($0) }
        guard rest.isEmpty || marker == UInt8(ascii: ";") else { throw RequestError(.malformedChunk) }
        self.size = size
        extensionBytes = rest.count
    }
}
