// Chunked bodies (RFC 9112 §7.1) against a decoder that is too plain to be wrong; see scripts/fuzz.

import HTTP

/// libFuzzer's entry point: the first byte is the size of the pieces in which the rest arrives.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let pieceSize = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    let found = decode(bytes, pieceSize: max(1, bytes.count))
    let pieces = decode(bytes, pieceSize: max(1, Int(pieceSize)))
    precondition(found == pieces, "BUG: the result depends on how the bytes are cut")
    compare(found, with: PlainDecoder.decode(bytes))
    return 0
}

private let limits = Limits(headerBytes: 128, headerCount: 4, bodyBytes: 300, chunkExtensionBytes: 24)

private struct Decoded: Equatable {
    var body: [UInt8] = []
    var trailers: HeaderFields?
    var error: RequestError?
    /// How many bytes belong to the request.
    var end = 0
}

private let head = Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)

private func decode(_ bytes: [UInt8], pieceSize: Int) -> Decoded {
    var parser = RequestParser(limits: limits)
    var decoded = Decoded()
    head.withUnsafeBytes { _ = drain(&parser, $0, into: &decoded) }
    decoded.end = 0
    var start = 0
    while start < bytes.count, decoded.error == nil, decoded.trailers == nil {
        let end = min(start + pieceSize, bytes.count)
        // A copy of exactly the piece, so that the sanitizer sees a look beyond it.
        decoded.end = start + Array(bytes[start..<end]).withUnsafeBytes { drain(&parser, $0, into: &decoded) }
        start = end
    }
    // How much was taken before a fault is nobody's business.
    if decoded.error != nil { decoded.end = 0 }
    return decoded
}

/// Returns how many bytes were taken.
private func drain(
    _ parser: inout RequestParser,
    _ piece: UnsafeRawBufferPointer,
    into decoded: inout Decoded
) -> Int {
    var offset = 0
    while true {
        switch parser.next(in: piece, at: &offset) {
        case .needMore:
            precondition(offset == piece.count, "BUG: bytes are left behind")
            return offset
        case .head(_, let framing):
            precondition(framing == .chunked, "BUG: the framing is another one")
        case .body(let range):
            precondition(!range.isEmpty, "BUG: an empty piece of a body")
            decoded.body += piece[range]
        case .complete(let trailers):
            decoded.trailers = trailers
            return offset
        case .rejected(let error):
            decoded.error = error
            return offset
        }
    }
}

private func compare(_ found: Decoded, with expected: PlainDecoder.Outcome) {
    switch expected {
    case .refused(let body):
        precondition(found.error != nil && found.body == body, "BUG: what is no chunk was accepted")
    case .unfinished(let body):
        precondition(found.error == nil && found.trailers == nil, "BUG: an unfinished body was judged")
        precondition(found.body == body, "BUG: the body is another one")
    case .lastChunk(let body, let end):
        precondition(found.body == body, "BUG: the body is another one")
        precondition(found.trailers == nil || found.end >= end + 2, "BUG: ended before the trailers")
    }
}

/// Decodes whole arrays, one rule after the other.
private enum PlainDecoder {
    enum Outcome {
        case refused(body: [UInt8])
        case unfinished(body: [UInt8])
        /// The chunk of size 0 was met; trailers begin at `end`.
        case lastChunk(body: [UInt8], end: Int)
    }

    static func decode(_ bytes: [UInt8]) -> Outcome {
        var rest = bytes[...]
        var body: [UInt8] = []
        var extensions = 0
        while true {
            let longest = 16 + limits.chunkExtensionBytes - extensions
            guard let lineFeed = rest.firstIndex(of: 10) else {
                let closing = rest.last == 13 ? 1 : 0
                return rest.count - closing > longest ? .refused(body: body) : .unfinished(body: body)
            }
            let line = rest[..<lineFeed]
            guard line.last == 13, line.count - 1 <= longest, let chunk = size(line.dropLast()) else {
                return .refused(body: body)
            }
            extensions += chunk.extensionBytes
            guard extensions <= limits.chunkExtensionBytes, chunk.size <= limits.bodyBytes - body.count else {
                return .refused(body: body)
            }
            rest = rest[(lineFeed + 1)...]
            if chunk.size == 0 { return .lastChunk(body: body, end: rest.startIndex) }
            body += rest.prefix(chunk.size)
            rest = rest.dropFirst(chunk.size)
            let closing = rest.prefix(2)
            guard Array([13, 10].prefix(closing.count)) == Array(closing) else { return .refused(body: body) }
            if closing.count < 2 { return .unfinished(body: body) }
            rest = rest.dropFirst(2)
        }
    }

    private static func size(_ line: ArraySlice<UInt8>) -> (size: Int, extensionBytes: Int)? {
        let text = String(decoding: line, as: Unicode.ASCII.self)
        let digits = text.prefix { $0.isASCII && $0.isHexDigit }
        let rest = line.dropFirst(digits.utf8.count)
        guard (1...16).contains(digits.count), let size = Int(digits, radix: 16) else { return nil }
        guard rest.allSatisfy({ $0 == 9 || $0 >= 32 && $0 != 127 }) else { return nil }
        return isExtensions(rest) ? (size, rest.count) : nil
    }

    /// Whether these are extensions: one after the other is cut off, as the grammar's rules stand there.
    private static func isExtensions(_ text: ArraySlice<UInt8>) -> Bool {
        var rest = text
        while !rest.isEmpty {
            rest = blanks(rest)
            guard rest.popFirst() == UInt8(ascii: ";") else { return false }
            let name = token(blanks(rest))
            guard name.taken > 0 else { return false }
            rest = name.rest
            var value = blanks(rest)
            guard value.first == UInt8(ascii: "=") else { continue }
            value = blanks(value.dropFirst())
            if value.first == UInt8(ascii: "\"") {
                guard let end = quoteEnd(value) else { return false }
                rest = value[end...]
            } else {
                let word = token(value)
                guard word.taken > 0 else { return false }
                rest = word.rest
            }
        }
        return true
    }

    private static func blanks(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        text.drop { $0 == 9 || $0 == 32 }
    }

    private static func token(_ text: ArraySlice<UInt8>) -> (rest: ArraySlice<UInt8>, taken: Int) {
        let marks = Array("!#$%&'*+-.^_`|~".utf8)
        let rest = text.drop { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || marks.contains(byte)
        }
        return (rest, text.count - rest.count)
    }

    /// Where a quoted string that begins the text is over.
    private static func quoteEnd(_ text: ArraySlice<UInt8>) -> Int? {
        var isEscaped = false
        for index in text.indices.dropFirst() {
            if isEscaped {
                isEscaped = false
            } else if text[index] == UInt8(ascii: "\\") {
                isEscaped = true
            } else if text[index] == UInt8(ascii: "\"") {
                return index + 1
            }
        }
        return nil
    }
}
