import HTTP
import Testing

@Suite struct `Request refusals` {
    struct Case: Sendable, CustomTestStringConvertible {
        let cause: RequestError.Cause
        let status: Int
        let text: String
        var testDescription: String { "\(cause.rawValue): \(text.debugDescription.prefix(80))" }

        init(_ cause: RequestError.Cause, _ status: Int, _ text: String) {
            self.cause = cause
            self.status = status
            self.text = text
        }
    }

    static func fields(_ cause: RequestError.Cause, _ status: Int, _ fields: String...) -> Case {
        Case(cause, status, wire("POST / HTTP/1.1", fields, body: "0\r\n\r\n"))
    }

    static func chunked(_ cause: RequestError.Cause, _ body: String) -> Case {
        Case(cause, 400, wire("POST / HTTP/1.1", ["Transfer-Encoding: chunked"], body: body))
    }

    static let requestLines = [
        Case(.malformedRequestLine, 400, "\u{16}\u{3}\u{1}\u{2}\u{0}"),
        Case(.malformedRequestLine, 400, " GET / HTTP/1.1\r\n"),
        Case(.malformedRequestLine, 400, "hello\r\n"),
        Case(.malformedRequestLine, 400, "GET /\r\n"),
        Case(.malformedRequestLine, 400, "GET  / HTTP/1.1\r\n"),
        Case(.malformedRequestLine, 400, "GET /  HTTP/1.1\r\n"),
        Case(.malformedRequestLine, 400, "GET / HTTP/1.1 \r\n"),
        Case(.malformedRequestLine, 400, "GET /a b HTTP/1.1\r\n"),
        Case(.malformedRequestLine, 400, "GET\t/\tHTTP/1.1\r\n"),
        Case(.malformedRequestLine, 400, "G(T / HTTP/1.1\r\n"),
        Case(.malformedRequestLine, 400, "\rGET / HTTP/1.1\r\n"),
        Case(.malformedRequestLine, 400, "GET / http/1.1\r\n"),
        Case(.malformedRequestLine, 400, "GET / HTTP/1\r\n"),
        Case(.malformedRequestLine, 400, "GET / HTTP/11.1\r\n"),
        Case(.malformedRequestLine, 400, "GET / HTTP/1,1\r\n"),
        Case(.malformedRequestLine, 400, "GET / HTTPS/1.1\r\n"),
        Case(.malformedRequestLine, 400, "\r\n\r\n\r\n\r\n\r\n" + wire()),
        Case(.versionNotSupported, 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Case(.versionNotSupported, 505, "GET / HTTP/3.0\r\n"),
        Case(.versionNotSupported, 505, "GET / HTTP/0.9\r\n"),
        Case(.connectNotSupported, 501, "CONNECT weir:443 HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET * HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "OPTIONS ** HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET a HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET ftp://weir/ HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET http:///a HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET http://user@weir/ HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET http://weir:x/ HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET /a#b HTTP/1.1\r\n"),
        Case(.malformedTarget, 400, "GET /µ HTTP/1.1\r\n"),
        Case(.controlCharacter, 400, "GET /\u{0} HTTP/1.1\r\n"),
        Case(.controlCharacter, 400, "GET /\u{7F} HTTP/1.1\r\n"),
        Case(.controlCharacter, 400, "GET /a\tb HTTP/1.1\r\n"),
        Case(.bareCarriageReturn, 400, "GET /\r HTTP/1.1\r\n"),
        Case(.bareLineFeed, 400, "GET / HTTP/1.1\n"),
        Case(.bareLineFeed, 400, "\n"),
    ]

    static let headerFields = [
        fields(.bareLineFeed, 400, "A: b\nC: d"),
        fields(.bareCarriageReturn, 400, "A: b\rC: d"),
        fields(.bareCarriageReturn, 400, "A\rB: c"),
        fields(.bareCarriageReturn, 400, "A: b\r"),
        fields(.foldedField, 400, "A: b", " c"),
        fields(.foldedField, 400, "A: b", "\tc"),
        Case(.foldedField, 400, "GET / HTTP/1.1\r\n Host: weir\r\n\r\n"),
        fields(.controlCharacter, 400, "A: \u{0}"),
        fields(.controlCharacter, 400, "A: \u{1B}[0m"),
        fields(.controlCharacter, 400, "A: \u{7F}"),
        fields(.controlCharacter, 400, "A\u{0}: b"),
        fields(.spaceBeforeColon, 400, "Transfer-Encoding : chunked"),
        fields(.spaceBeforeColon, 400, "A\t: b"),
        fields(.malformedField, 400, "no colon"),
        fields(.malformedField, 400, ": b"),
        fields(.malformedField, 400, "A B: c"),
        fields(.malformedField, 400, "Ä: b"),
        Case(.missingHost, 400, "GET / HTTP/1.1\r\n\r\n"),
        Case(.missingHost, 400, "GET http://weir/ HTTP/1.1\r\n\r\n"),
        fields(.repeatedHost, 400, "Host: weir"),
        Case(.repeatedHost, 400, "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: ::1\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a%\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a%4\r\n\r\n"),
        Case(.malformedHost, 400, "GET / HTTP/1.1\r\nHost: a%4g:80\r\n\r\n"),
        fields(.expectationFailed, 417, "Expect: miracles"),
        fields(.expectationFailed, 417, "Expect: 100-continue, miracles"),
    ]

    static let framing = [
        fields(.lengthAndTransferEncoding, 400, "Content-Length: 5", "Transfer-Encoding: chunked"),
        fields(.lengthAndTransferEncoding, 400, "Transfer-Encoding: gzip", "Content-Length: 5"),
        fields(.differingLengths, 400, "Content-Length: 5", "Content-Length: 6"),
        fields(.differingLengths, 400, "Content-Length: 5, 6"),
        fields(.malformedLength, 400, "Content-Length: +5"),
        fields(.malformedLength, 400, "Content-Length: -5"),
        fields(.malformedLength, 400, "Content-Length: 0x5"),
        fields(.malformedLength, 400, "Content-Length: 5.0"),
        fields(.malformedLength, 400, "Content-Length: 5 5"),
        fields(.malformedLength, 400, "Content-Length:"),
        fields(.malformedLength, 400, "Content-Length: 5,"),
        fields(.malformedLength, 400, "Content-Length: 9223372036854775808"),
        fields(.malformedLength, 400, "Content-Length: 184467440737095516160"),
        Case(.transferEncodingInHTTP10, 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        fields(.chunkedNotLast, 400, "Transfer-Encoding: chunked, gzip"),
        fields(.chunkedNotLast, 400, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        fields(.chunkedNotLast, 400, "Transfer-Encoding: chunked,"),
        fields(.unknownTransferCoding, 501, "Transfer-Encoding: gzip, chunked"),
        fields(.unknownTransferCoding, 501, "Transfer-Encoding: gzip"),
        fields(.unknownTransferCoding, 501, "Transfer-Encoding: identity"),
        fields(.unknownTransferCoding, 501, "Transfer-Encoding: xchunked"),
        fields(.unknownTransferCoding, 501, "Transfer-Encoding: \"chunked\""),
        fields(.unknownTransferCoding, 501, "Transfer-Encoding: chunked;q=1"),
        fields(.unknownTransferCoding, 501, "Transfer-Encoding:"),
        fields(.controlCharacter, 400, "Transfer-Encoding: \u{B}chunked"),
    ]

    static let chunks = [
        chunked(.malformedChunk, "\r\n"),
        chunked(.malformedChunk, "g\r\n"),
        chunked(.malformedChunk, "0x5\r\nhello\r\n"),
        chunked(.malformedChunk, "+5\r\nhello\r\n"),
        chunked(.malformedChunk, "-1\r\n"),
        chunked(.malformedChunk, " 5\r\nhello\r\n"),
        chunked(.malformedChunk, "5 \r\nhello\r\n"),
        chunked(.malformedChunk, "5 x\r\nhello\r\n"),
        chunked(.malformedChunk, "8000000000000000\r\n"),
        chunked(.malformedChunk, "ffffffffffffffff\r\n"),
        chunked(.malformedChunk, "00000000000000005\r\nhello\r\n"),
        chunked(.malformedChunk, "5\r\nhello0\r\n\r\n"),
        chunked(.malformedChunk, "5\r\nhello!\r\n0\r\n\r\n"),
        chunked(.bareLineFeed, "5\nhello\r\n0\r\n\r\n"),
        chunked(.bareLineFeed, "5\r\nhello\n0\r\n\r\n"),
        chunked(.bareLineFeed, "0\r\n\n"),
        chunked(.bareCarriageReturn, "5;\rx\r\nhello\r\n"),
        chunked(.controlCharacter, "5;\u{0}\r\nhello\r\n"),
        chunked(.foldedField, "0\r\nA: b\r\n c\r\n\r\n"),
        chunked(.spaceBeforeColon, "0\r\nA : b\r\n\r\n"),
    ]

    @Test(arguments: requestLines + headerFields + framing + chunks)
    func `name the cause`(_ refusal: Case) {
        let result = parse(refusal.text)
        #expect(result.error?.cause == refusal.cause)
        #expect(result.error?.status.code == refusal.status)
        #expect(result.requests.allSatisfy { !$0.isComplete })
        #expect(parse(refusal.text, pieceSize: 1) == result)
    }

    @Test func `every cause has a word of its own, a sentence and a status`() {
        let errors = RequestError.Cause.allCases.map { RequestError($0) }
        #expect(Set(errors.map(\.reason)).count == errors.count)
        #expect(Set(errors.map(\.message)).count == errors.count)
        for error in errors {
            #expect(error.reason.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "_" })
            #expect(error.message.hasSuffix("."))
            #expect((400...505).contains(error.status.code) && !error.status.reason.isEmpty)
        }
        #expect(
            RequestError(.bodyTooLarge, limit: 7).message
                == "The request body has too many bytes. The limit is 7."
        )
    }

    @Test(arguments: [
        "weir", "127.0.0.1:8000", "[2001:db8::1]", "[::1]:80", "[fe80::1%25eth0]", "a.b-c_d", "weir:", "",
        "a%20b", "%41:1", "a,b",
    ])
    func `a good Host passes`(_ host: String) {
        #expect(parse("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n").error == nil)
    }

    @Test func `HTTP 1 point 0 needs no Host`() {
        #expect(parse("GET / HTTP/1.0\r\n\r\n").requests.count == 1)
    }
}

@Suite struct `Request limits` {
    static let limits = Limits(
        requestLineBytes: 20,
        headerBytes: 30,
        headerCount: 3,
        bodyBytes: 8,
        chunkExtensionBytes: 6
    )

    static func head(_ fields: String...) -> String {
        "POST / HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// What fits exactly, what is one too many, and what that is called.
    static let cases: [(fits: String, exceeds: String, cause: RequestError.Cause, status: Int, limit: Int)] =
        [
            (
                "POST /12345 HTTP/1.1\r\nHost: a\r\n\r\n", "POST /123456 HTTP/1.1\r\nHost: a\r\n\r\n",
                .requestLineTooLong, 414, 20
            ),
            (
                head("Host: a", "A: 4567890123456789"), head("Host: a", "A: 45678901234567890"),
                .headerSectionTooLarge, 431, 30
            ),
            (head("Host: a", "B:", "C:"), head("Host: a", "B:", "C:", "D:"), .tooManyFields, 431, 3),
            (
                head("Host: a", "Content-Length:8") + "12345678", head("Host: a", "Content-Length:9"),
                .bodyTooLarge, 413, 8
            ),
        ]

    @Test(arguments: cases)
    func `admit the limit and refuse one more`(
        _ limit: (fits: String, exceeds: String, cause: RequestError.Cause, status: Int, limit: Int)
    ) {
        for pieceSize in [1, 7, Int.max] {
            let fitting = parse(limit.fits, limits: Self.limits, pieceSize: pieceSize)
            #expect(fitting.error == nil)
            #expect(fitting.requests.first?.isComplete == true)
            let exceeding = parse(limit.exceeds, limits: Self.limits, pieceSize: pieceSize)
            #expect(exceeding.error == RequestError(limit.cause, limit: limit.limit))
            #expect(exceeding.error?.status.code == limit.status)
        }
    }

    static let chunkedBodies: [(String, RequestError.Cause?)] = [
        ("4\r\n1234\r\n4\r\n5678\r\n0\r\n\r\n", nil),
        ("4\r\n1234\r\n5\r\n", .bodyTooLarge),
        ("9\r\n", .bodyTooLarge),
        ("7fffffffffffffff\r\n", .bodyTooLarge),
        ("1;45\r\na\r\n1;89\r\nb\r\n0\r\n\r\n", nil),
        ("1;45\r\na\r\n1;890\r\nb\r\n", .chunkExtensionsTooLarge),
        ("1;45\r\na\r\n1;89\r\nb\r\n0;x\r\n\r\n", .chunkExtensionsTooLarge),
        ("0\r\nA: 4567890123456789012345678901234\r\n\r\n", nil),
        ("0\r\nA: 45678901234567890123456789012345\r\n\r\n", .headerSectionTooLarge),
        ("0\r\nA:\r\nB:\r\nC:\r\n\r\n", nil),
        ("0\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n", .tooManyFields),
    ]

    @Test(arguments: chunkedBodies)
    func `hold for chunked bodies`(_ body: String, _ cause: RequestError.Cause?) {
        let limits = Limits(headerBytes: 36, headerCount: 3, bodyBytes: 8, chunkExtensionBytes: 6)
        let request = "POST / HTTP/1.1\r\nHost:\r\nTransfer-Encoding:chunked\r\n\r\n" + body
        #expect(parse(request, limits: limits).error?.cause == cause)
        #expect(parse(request, limits: limits, pieceSize: 1).error?.cause == cause)
    }

    @Test func `refuse an endless line before it ends`() {
        let endless = String(repeating: "x", count: 100)
        #expect(parse("GET /" + endless, limits: Self.limits).error?.cause == .requestLineTooLong)
        #expect(parse("GET /" + endless + "\n", limits: Self.limits).error?.cause == .requestLineTooLong)
        #expect(
            parse("GET / HTTP/1.1\r\nA: " + endless, limits: Self.limits).error?.cause
                == .headerSectionTooLarge
        )
    }

    @Test func `a route's own limit replaces the general one`() {
        let request = wire("POST / HTTP/1.1", ["Content-Length: 10"], body: "0123456789")
        #expect(parse(request, bodyLimit: 10).requests.first?.text == "0123456789")
        #expect(parse(request, bodyLimit: 9).error == RequestError(.bodyTooLarge, limit: 9))
        #expect(parse(request, limits: Limits(bodyBytes: 1), bodyLimit: 10).error == nil)
        let chunked = wire(
            "POST / HTTP/1.1",
            ["Transfer-Encoding: chunked"],
            body: "a\r\n0123456789\r\n0\r\n\r\n"
        )
        #expect(parse(chunked, bodyLimit: 10).error == nil)
        #expect(parse(chunked, bodyLimit: 9).error == RequestError(.bodyTooLarge, limit: 9))
    }

    @Test func `a route's own limit holds for its request only`() {
        let limits = Limits(bodyBytes: 4)
        var parser = RequestParser(limits: limits)
        var offset = 0
        let request = wire("POST / HTTP/1.1", ["Content-Length: 5"], body: "12345")
        var events: [String] = []
        Array((request + request).utf8).withUnsafeBytes { bytes in
            loop: while true {
                switch parser.next(in: bytes, at: &offset) {
                case .head:
                    events.append("head")
                    if !events.contains("complete") { #expect(parser.limitBody(to: 5) == nil) }
                case .body: events.append("body")
                case .complete: events.append("complete")
                case .rejected(let error):
                    events.append(error.reason)
                    break loop
                case .needMore: break loop
                }
            }
        }
        #expect(events == ["head", "body", "complete", "head", "body_too_large"])
    }
}
