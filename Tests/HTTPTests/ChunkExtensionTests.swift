import Testing

@testable import HTTP

/// RFC 9112 §7.1.1. What one reader takes for an extension and another does not hides a request.
@Suite struct `Chunk extensions` {
    private static func body(_ extensions: String, of size: String = "5") -> String {
        wire(
            "POST / HTTP/1.1",
            ["Transfer-Encoding: chunked"],
            body: "\(size)\(extensions)\r\nhello\r\n0\r\n\r\n"
        )
    }

    static let wellFormed = [
        "", ";a", " ;a", "\t;\ta", ";a=b", "; a = b", " \t; \ta \t=\t b", ";a;b", ";a=b;c", ";a ;b",
        ";a=1 ; b = 2",
        ";a=\"\"", ";a=\"b c\"", ";a=\"b;c=d\"", ";a=\"\\\"\"", ";a=\"\\\\\"", ";a=\"\\b\";c",
        ";a=\"\t\u{E9}\"",
        ";!#$%&'*+-.^_`|~09azAZ", ";5=5",
    ]

    @Test(arguments: wellFormed)
    func `that follow the grammar are ignored`(extensions: String) {
        for pieceSize in [Int.max, 1] {
            let result = parse(Self.body(extensions), pieceSize: pieceSize)
            #expect(result.error == nil)
            #expect(result.requests.first?.text == "hello")
            #expect(result.requests.first?.isComplete == true)
        }
    }

    static let malformed = [
        ";", " ;", "; ", ";;", ";a;", ";=b", ";a=", ";a= ", ";a =", ";a=;b", ";a==b", ";a=b=c", ";a b",
        ";a=b c", ";a ",
        ";a=b ", ";a\t", ";\"a\"", ";a=\"", ";a=\"b", ";a=\"b\\\"", ";a=\"b\"c", ";a=\"b\" ", ";a=b\"c\"",
        ";a=(b)",
        ";a,b", ";a:b", ";\u{E9}", ";a=\u{E9}", ",a", "a=b;c", " a", " ", "=b", "\";a\"",
    ]

    @Test(arguments: malformed)
    func `that do not are refused`(extensions: String) {
        for pieceSize in [Int.max, 1] {
            let error = parse(Self.body(extensions), pieceSize: pieceSize).error
            // `a` and `b` are digits of a size, too.
            #expect(error?.status.code == 400, "\(extensions)")
            #expect(error?.cause == .malformedChunk, "\(extensions)")
        }
    }

    static let smuggling: [(String, RequestError.Cause)] = [
        (";a=\"\r\n0\r\n\r\n\"", .malformedChunk), (";a=\"\n\"", .bareLineFeed),
        (";a=\"\r\"", .bareCarriageReturn),
        (";a\r", .bareCarriageReturn), (";a=\"\\\u{0}\"", .controlCharacter),
        (";a=\"\u{7F}\"", .controlCharacter),
        ("\u{B};a", .controlCharacter), (";\u{0}", .controlCharacter),
    ]

    @Test(arguments: smuggling)
    func `with line breaks and controls are refused, quoted or not`(
        extensions: String,
        cause: RequestError.Cause
    ) {
        for pieceSize in [Int.max, 1] {
            #expect(parse(Self.body(extensions), pieceSize: pieceSize).error?.cause == cause)
        }
    }

    @Test(arguments: [";", ";a=", " ", ";a=\"b"])
    func `of the last chunk follow the same grammar`(extensions: String) {
        let request = wire("POST / HTTP/1.1", ["Transfer-Encoding: chunked"], body: "0\(extensions)\r\n\r\n")
        #expect(parse(request).error?.cause == .malformedChunk)
    }
}
