/// A parsed request line: `method SP request-target SP HTTP-version` (RFC 9112 §3).
struct RequestLine: Sendable {
    let method: Method
    let target: String
    let path: String
    let rawQuery: String?
    let version: HTTPVersion
    /// Host and port of an absolute-form target.
    let authority: String?

    init(parsing line: UnsafeRawBufferPointer) throws(RequestError) {
        let space = ASCII.space
        guard
            let first = line.firstIndex(of: space), let last = line.lastIndex(of: space), first < last,
            ASCII.isToken(line[..<first])
        else { throw RequestError(.malformedRequestLine) }
        method = Method(String(decoding: line[..<first], as: UTF8.self))
        version = try HTTPVersion(parsing: line[(last + 1)...])
        let target = UnsafeRawBufferPointer(rebasing: line[(first + 1)..<last])
        try Self.checkCharacters(of: target)
        if case .other("CONNECT") = method { throw RequestError(.connectNotSupported) }
        let parts = try TargetParts(parsing: target, method: method)
        self.target = String(decoding: target, as: UTF8.self)
        path = parts.path.isEmpty ? "/" : String(decoding: parts.path, as: UTF8.self)
        rawQuery = parts.query.map { String(decoding: $0, as: UTF8.self) }
        authority = parts.authority.map { String(decoding: $0, as: UTF8.self) }
    }

    private static func checkCharacters(of target: UnsafeRawBufferPointer) throws(RequestError) {
        for byte in target where byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "#") {
            switch byte {
            case ASCII.carriageReturn: throw RequestError(.bareCarriageReturn)
            // A second space is reported as too many words, which is clearer than a bad character.
            case ASCII.space: throw RequestError(.malformedRequestLine)
            case ..<0x20, 0x7F: throw RequestError(.controlCharacter)
            default: throw RequestError(.malformedTarget)
            }
        }
    }
}

extension RequestHead {
    init(line: RequestLine, fields: HeaderFields) {
        method = line.method
        target = line.target
        path = line.path
        rawQuery = line.rawQuery
        version = line.version
        self.fields = fields
    }
}

extension HTTPVersion {
    /// RFC 9112 §2.3, RFC 9110 §2.5: a higher minor version is processed as the highest one known.
    fileprivate init(parsing word: Slice<UnsafeRawBufferPointer>) throws(RequestError) {
        let digits = Array(word.dropFirst(5))
        guard
            word.count == 8, word.starts(with: "HTTP/".utf8), digits[1] == UInt8(ascii: "."),
            ASCII.isDigit(digits[0]), ASCII.isDigit(digits[2])
        else { throw RequestError(.malformedRequestLine) }
        guard digits[0] == UInt8(ascii: "1") else { throw RequestError(.versionNotSupported) }
        self = digits[2] == UInt8(ascii: "0") ? .http10 : .http11
    }
}

/// A request target taken apart (RFC 9112 §3.2).
private struct TargetParts {
    var authority: Slice<UnsafeRawBufferPointer>?
    var path: Slice<UnsafeRawBufferPointer>
    var query: Slice<UnsafeRawBufferPointer>?

    init(parsing target: UnsafeRawBufferPointer, method: Method) throws(RequestError) {
        var rest = target[...]
        // §3.2.4 asterisk-form.
        if target.elementsEqual("*".utf8), method == .options {
            path = rest
            return
        }
        // §3.2.2 absolute-form; §3.2.1 origin-form.
        if let scheme = Self.schemePrefix(of: target) {
            rest = rest.dropFirst(scheme)
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            let authority = rest[..<end]
            guard Authority.isValid(authority) else { throw RequestError(.malformedTarget) }
            self.authority = authority
            rest = rest[end...]
        } else if target.first != UInt8(ascii: "/") {
            throw RequestError(.malformedTarget)
        }
        let mark = rest.firstIndex(of: UInt8(ascii: "?"))
        path = rest[..<(mark ?? rest.endIndex)]
        query = mark.map { rest[($0 + 1)...] }
    }

    private static func schemePrefix(of target: UnsafeRawBufferPointer) -> Int? {
        let scheme = ["http://", "https://"].first {
            ASCII.equalsIgnoringCase(target.prefix($0.utf8.count), $0.utf8)
        }
        return scheme?.utf8.count
    }
}
