// Arbitrary bytes for everything in HTTP that reads what a client sends; see scripts/fuzz.

import HTTP

/// libFuzzer's entry point: the first byte is the size of the pieces in which the rest arrives.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = UnsafeBufferPointer(start: start, count: count)
    guard let pieceSize = input.first else { return 0 }
    let bytes = Array(input.dropFirst())
    let whole = transcript(of: bytes, pieceSize: bytes.count)
    let pieces = transcript(of: bytes, pieceSize: max(1, Int(pieceSize)))
    precondition(whole == pieces, "BUG: the result depends on how the bytes are cut")
    for request in whole.requests {
        probe(request)
        if request.trailers != nil { checkRendering(of: request) }
    }
    inflate(bytes, coding: pieceSize % 2 == 0 ? "gzip" : "deflate")
    return 0
}

private struct ParsedRequest: Equatable {
    var head: RequestHead
    var framing: BodyFraming
    var body: [UInt8] = []
    var trailers: HeaderFields?
}

private struct Transcript: Equatable {
    var requests: [ParsedRequest] = []
    var error: RequestError?
}

private let limits = Limits(
    requestLineBytes: 64,
    headerBytes: 256,
    headerCount: 8,
    bodyBytes: 128,
    chunkExtensionBytes: 16
)

private func transcript(of bytes: [UInt8], pieceSize: Int) -> Transcript {
    var parser = RequestParser(limits: limits)
    var transcript = Transcript()
    var start = 0
    while start < bytes.count, transcript.error == nil {
        let end = min(start + pieceSize, bytes.count)
        Array(bytes[start..<end]).withUnsafeBytes { drain(&parser, $0, into: &transcript) }
        start = end
    }
    return transcript
}

private func drain(
    _ parser: inout RequestParser,
    _ piece: UnsafeRawBufferPointer,
    into transcript: inout Transcript
) {
    var offset = 0
    while true {
        switch parser.next(in: piece, at: &offset) {
        case .needMore:
            precondition(offset == piece.count, "BUG: bytes are left behind")
            return
        case .head(let head, let framing):
            transcript.requests.append(ParsedRequest(head: head, framing: framing))
        case .body(let range):
            transcript.requests[transcript.requests.count - 1].body += piece[range]
        case .complete(let trailers):
            transcript.requests[transcript.requests.count - 1].trailers = trailers
        case .rejected(let error):
            transcript.error = error
            return
        }
    }
}

/// What was understood, written down again, is the same request.
private func checkRendering(of request: ParsedRequest) {
    let head = request.head
    let version = head.version == .http10 ? "HTTP/1.0" : "HTTP/1.1"
    var bytes = Array("\(head.method) \(head.target) \(version)\r\n".utf8)
    append(head.fields, to: &bytes)
    if request.framing == .chunked {
        if !request.body.isEmpty {
            bytes += Array("\(String(request.body.count, radix: 16))\r\n".utf8) + request.body + [13, 10]
        }
        bytes += Array("0\r\n".utf8)
        append(request.trailers ?? HeaderFields(), to: &bytes)
    } else {
        bytes += request.body
    }
    // What is no UTF-8, and the Host that a target in absolute form brings, may need more room than there is.
    let again = transcript(of: bytes, pieceSize: bytes.count)
    guard again.error?.cause != .headerSectionTooLarge, again.error?.cause != .tooManyFields else { return }
    precondition(again == Transcript(requests: [request]), "BUG: written down it is another request")
}

private func append(_ fields: HeaderFields, to bytes: inout [UInt8]) {
    for field in fields { bytes += Array("\(field.name):\(field.value)\r\n".utf8) }
    bytes += [13, 10]
}

private let router: Router<Int> = {
    var router = Router<Int>()
    for (index, pattern) in ["/", "/a", "/a/{x}", "/{y}/b", "/a/{z...}", "/{p}/{q}/c"].enumerated() {
        router.add(.get, pattern, index)
    }
    return router
}()

private let proxies = try? TrustedProxies(["10.0.0.0/8", "::/1", "unix"])
private let policy = CORSPolicy(allowedOrigins: ["http://a"])

/// What is made of a head once it was accepted; the answer must be one response and nothing more.
private func probe(_ request: ParsedRequest) {
    let head = request.head
    precondition(request.body.count <= limits.bodyBytes, "BUG: the body is beyond its limit")
    _ = router.resolve(head.method, head.path)
    _ = Query(raw: head.rawQuery)
    _ = head.preferredMediaType(of: ["text/plain; version=0.0.4", "application/json"])
    _ = proxies?.client(of: Peer(address: ""), head.fields)
    var response = Response.text(head.target)
    for field in policy.responseFields(for: head) {
        response.fields.append(field.name, field.value)
    }
    for field in head.fields {
        response.fields.append(field.name, field.value)
        response.fields.append(field.value, field.name)
    }
    var out: [UInt8] = []
    var encoder = ResponseEncoder(answering: head, keepAlive: true)
    _ = encoder.start(response, date: [], into: &out)
    precondition(!out.contains(0), "BUG: a NUL got out")
    let lineFeeds = out.indices.filter { out[$0] == UInt8(ascii: "\n") }
    precondition(
        lineFeeds.allSatisfy { $0 > 0 && out[$0 - 1] == UInt8(ascii: "\r") },
        "BUG: a bare LF got out"
    )
}

private func inflate(_ bytes: [UInt8], coding: String) {
    let head = RequestHead(method: .post, target: "/", fields: ["Content-Encoding": coding])
    var output: [UInt8] = []
    do {
        let decoder = try ContentDecoder.make(for: head, decompressedBytes: 1000)
        _ = try bytes.withUnsafeBytes { try decoder?.decode($0, into: &output) }
        try decoder?.finish()
        precondition(output.count <= 1000, "BUG: more than the limit was accepted")
    } catch {
        precondition(output.count <= 1001, "BUG: more than the limit was made")
    }
}
