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
