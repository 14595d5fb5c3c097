extension RequestError {
    /// One sentence for the client and the operator; it quotes limits, never the request.
    package var message: String {
        guard let limit else { return sentence }
        return "\(sentence) The limit is \(limit)."
    }

    private var sentence: String {
        switch cause {
        case .malformedRequestLine: "The request line is not 'METHOD target HTTP/1.x'."
        case .malformedTarget: "The request target is not a path or an http URL, percent-encoded."
        case .connectNotSupported: "CONNECT is for proxies; this is none."
        case .versionNotSupported: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
        case .requestLineTooLong: "The request line has too many bytes."
        case .bareLineFeed: "A line ends with a line feed alone instead of CR LF."
        case .bareCarriageReturn: "A carriage return stands within a line."
        case .controlCharacter: "A control character stands in the request target or in a header field."
        case .foldedField: "A header field is folded over several lines."
        case .spaceBeforeColon: "A blank stands between a header field's name and its colon."
        case .malformedField: "A header field is not 'name: value' with a valid name."
        case .headerSectionTooLarge: "The header section has too many bytes."
        case .tooManyFields: "There are too many header fields."
        case .missingHost: "An HTTP/1.1 request needs a Host header field."
        case .repeatedHost: "There is more than one Host header field."
        case .malformedHost: "The Host header field is not 'name' or 'name:port'."
        case .lengthAndTransferEncoding: "Content-Length and Transfer-Encoding exclude each other."
        case .differingLengths: "Content-Length is given more than once with different values."
        case .malformedLength: "Content-Length is not a number of bytes in plain digits."
        case .transferEncodingInHTTP10: "HTTP/1.0 has no Transfer-Encoding."
        case .chunkedNotLast: "'chunked' must be the last transfer coding and stand once."
        case .unknownTransferCoding: "The only transfer coding supported is 'chunked'."
        case .malformedChunk: "The chunked body is malformed."
        case .chunkExtensionsTooLarge: "The chunk extensions have too many bytes."
        case .expectationFailed: "The only expectation supported is '100-continue'."
        case .bodyTooLarge: "The request body has too many bytes."
        case .decompressedTooLarge: "The request body has too many bytes when it is decompressed."
        case .corruptCompression: "The compressed request body is corrupt or ends early."
        case .unknownContentCoding: "Content-Encoding must be one of gzip, deflate and identity."
        }
    }
}

extension RequestError: CustomStringConvertible {
    /// The same as `message`.
    package var description: String { message }
}
