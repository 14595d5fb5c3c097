import HTTP

/// What a connection's bytes came to.
struct ParseResult: Equatable {
    struct ParsedRequest: Equatable {
        var head: RequestHead
        var framing: BodyFraming
        var body: [UInt8] = []
        var trailers: HeaderFields?

        var isComplete: Bool { trailers != nil }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    var requests: [ParsedRequest] = []
    var error: RequestError?
    var isBetweenRequests = false
}

/// Feeds a parser pieces of at most `pieceSize` bytes, as a socket would give them.
func parse(
    _ bytes: some Sequence<UInt8>,
    limits: Limits = Limits(),
    bodyLimit: Int? = nil,
    pieceSize: Int = .max
) -> ParseResult {
    let bytes = Array(bytes)
    var parser = RequestParser(limits: limits)
    var result = ParseResult()
    var start = 0
    while start < bytes.count, result.error == nil {
        let count = min(pieceSize, bytes.count - start)
        // A copy of exactly the piece, so that the sanitizer sees a look beyond it.
        Array(bytes[start..<start + count]).withUnsafeBytes { piece in
            drain(&parser, piece, bodyLimit, into: &result)
        }
        start += count
    }
    result.isBetweenRequests = parser.isBetweenRequests
    return result
}

func parse(
    _ text: String,
    limits: Limits = Limits(),
    bodyLimit: Int? = nil,
    pieceSize: Int = .max
) -> ParseResult {
    parse(Array(text.utf8), limits: limits, bodyLimit: bodyLimit, pieceSize: pieceSize)
}

private func drain(
    _ parser: inout RequestParser,
    _ piece: UnsafeRawBufferPointer,
    _ bodyLimit: Int?,
    into result: inout ParseResult
) {
    var offset = 0
    while true {
        switch parser.next(in: piece, at: &offset) {
        case .needMore:
            precondition(offset == piece.count, "needMore leaves bytes behind")
            return
        case .head(let head, let framing):
            result.requests.append(ParseResult.ParsedRequest(head: head, framing: framing))
            if let bodyLimit { result.error = parser.limitBody(to: bodyLimit) }
            if result.error != nil { return }
        case .body(let range):
            precondition(!range.isEmpty, "an empty piece of a body")
            result.requests[result.requests.count - 1].body += Array(piece[range])
        case .complete(let trailers):
            result.requests[result.requests.count - 1].trailers = trailers
        case .rejected(let error):
            result.error = error
            return
        }
    }
}

/// A request with `fields` besides Host, in wire form.
func wire(_ requestLine: String = "GET / HTTP/1.1", _ fields: [String] = [], body: String = "") -> String {
    ([requestLine, "Host: weir"] + fields).joined(separator: "\r\n") + "\r\n\r\n" + body
}

extension RequestHead {
    static func make(
        _ method: HTTP.Method = .get,
        _ target: String = "/",
        version: HTTPVersion = .http11,
        fields: HeaderFields = HeaderFields()
    ) -> RequestHead {
        RequestHead(method: method, target: target, version: version, fields: fields)
    }
}
