/// Turns one response into bytes: status line, fields, framing, compression (RFC 9112 §4, §6).
///
///     var encoder = ResponseEncoder(answering: head, keepAlive: …)
///     switch encoder.start(response, date: dateOfThisSecond, into: &out) {
///     case .complete: …                                // everything is in out
///     case .stream(let stream):
///         for try await piece in stream { encoder.append(piece, into: &out); … }
///         encoder.finish(into: &out)
///     }
///     // encoder.keepsAlive decides whether the connection is closed after out is written
///
/// When a stream fails, `finish` is not called and the connection is reset: the client sees a body cut short.
package struct ResponseEncoder: Sendable {
    /// The work that is left after `start`.
    package enum Outcome: Sendable {
        /// The whole response is in the output.
        case complete
        /// The head is in the output, the body is to be pulled from the stream.
        case stream(ByteStream)
    }

    private enum Framing {
        case none
        case length(Int)
        case chunked
        /// HTTP/1.0 has no chunks: the body ends with the connection (RFC 9112 §6.3).
        case untilClose
    }

    /// `HTTP/1.1 100 Continue` and an empty line (RFC 9110 §15.2.1).
    package static let continueResponse = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Whether the connection stays open after this response; final once `start` has returned.
    package private(set) var keepsAlive: Bool

    private let isHead: Bool
    private let version: HTTPVersion
    private let acceptsGzip: Bool
    private let keepAlive: String
    private var framing = Framing.none
    private var gzip: GzipEncoder?

    /// Prepares a response.
    ///
    /// - Parameters:
    ///   - head: The request; nil when its head was not understood (then never kept alive).
    ///   - keepAlive: Whether the server agrees; the client must agree as well.
    ///   - keepAliveTimeoutSeconds: Announced as `Keep-Alive: timeout=N`; the JDK drops connections after 5 s
    ///     without it.
    package init(answering head: RequestHead?, keepAlive: Bool, keepAliveTimeoutSeconds: Int = 75) {
        keepsAlive = keepAlive && head?.wantsKeepAlive == true
        isHead = head?.method == .head
        version = head?.version ?? .http11
        acceptsGzip = head.map { ContentNegotiation.acceptsGzip($0.fields) } ?? false
        self.keepAlive = "timeout=\(keepAliveTimeoutSeconds)"
    }

    /// Writes the head, and the body too unless it is a stream; a large body that is compressed becomes one.
    ///
    /// `date` is the IMF-fixdate of the current second (`IMFFixdate`), which the caller caches. A response
    /// whose own fields say `Connection: close` closes. HEAD gets the head of the GET; its stream is not
    /// pulled.
    package mutating func start(_ response: Response, date: [UInt8], into out: inout [UInt8]) -> Outcome {
        if response.fields.hasToken("close", in: "Connection") { keepsAlive = false }
        let isCompressible = isCompressible(response)
        let isCompressed = isCompressible && acceptsGzip && !(version == .http10 && isLarge(response))
        let body = frame(response, compressing: isCompressed)
        appendStatusLine(response.status, to: &out)
        append("Date", date, to: &out)
        appendOwnFields(of: response, to: &out)
        if isCompressible { append("Vary", "Accept-Encoding".utf8, to: &out) }
        if isCompressed { append("Content-Encoding", "gzip".utf8, to: &out) }
        appendFraming(to: &out)
        appendConnection(to: &out)
        out.append(contentsOf: "\r\n".utf8)
        guard !isHead, !response.status.forbidsBody else { return .complete }
        switch body {
        case .empty: return .complete
        case .bytes(let bytes):
            out.append(contentsOf: bytes)
            return .complete
        case .stream(let stream): return .stream(stream)
        }
    }

    /// Writes a piece of a streamed body, so that the client can read all of it; an empty piece writes nothing.
    package mutating func append(_ piece: [UInt8], into out: inout [UInt8]) {
        guard !piece.isEmpty else { return }
        guard let gzip else { return appendChunk(piece, to: &out) }
        var compressed: [UInt8] = []
        gzip.append(piece, into: &compressed)
        appendChunk(compressed, to: &out)
    }

    /// What comes before and after a piece of a streamed body that is sent as it is; nil when it is compressed.
    package func frame(of piece: [UInt8]) -> (before: [UInt8], after: [UInt8])? {
        guard gzip == nil else { return nil }
        guard case .chunked = framing else { return ([], []) }
        return (Self.chunkHead(piece.count), Self.chunkEnd)
    }

    /// Ends a streamed body.
    package mutating func finish(into out: inout [UInt8]) {
        if let gzip {
            var rest: [UInt8] = []
            gzip.finish(into: &rest)
            appendChunk(rest, to: &out)
        }
        gzip = nil
        if case .chunked = framing { out.append(contentsOf: "0\r\n\r\n".utf8) }
    }
}

// MARK: - Decisions

extension ResponseEncoder {
    /// Whether compressing the body takes so long that other connections need a turn meanwhile.
    private func isLarge(_ response: Response) -> Bool {
        guard case .bytes(let bytes) = response.body else { return false }
        return bytes.count > BytePieces.size
    }

    private func isCompressible(_ response: Response) -> Bool {
        switch response.body {
        case .empty: return false
        case .bytes(let bytes) where bytes.count <= ContentNegotiation.minimumBytes: return false
        case .bytes, .stream: break
        }
        return !response.status.forbidsBody && !response.fields.contains("Content-Encoding")
            && ContentNegotiation.isCompressible(contentType: response.fields["Content-Type"])
    }

    /// Decides the framing and returns the body as it is sent.
    private mutating func frame(_ response: Response, compressing: Bool) -> Response.Body {
        switch response.body {
        case _ where response.status.forbidsBody:
            framing = .none
        case .empty:
            framing = .length(0)
        case .bytes(let bytes) where compressing && isLarge(response):
            framing = .chunked
            if !isHead { gzip = GzipEncoder() }
            return .stream(ByteStream(BytePieces(bytes: bytes)))
        case .bytes(let bytes):
            let sent = compressing ? GzipEncoder.compress(bytes) : bytes
            framing = .length(sent.count)
            return .bytes(sent)
        case .stream:
            framing = version == .http11 ? .chunked : .untilClose
            if version == .http10 { keepsAlive = false }
            if compressing, !isHead { gzip = GzipEncoder() }
        }
        return response.body
    }
}

// MARK: - Bytes

extension ResponseEncoder {
    private func appendStatusLine(_ status: Status, to out: inout [UInt8]) {
        // RFC 9110 §6.2: the server's own version, also towards an HTTP/1.0 client.
        if status == .ok {
            out.append(contentsOf: "HTTP/1.1 200 OK\r\n".utf8)
        } else {
            out.append(contentsOf: "HTTP/1.1 \(status.code) \(status.reason)\r\n".utf8)
        }
    }

    private func appendOwnFields(of response: Response, to out: inout [UInt8]) {
        response.fields.forEachRaw { name, value in
            guard ASCII.isToken(name), !Self.isReserved(name) else { return }
            append(name, value, to: &out)
        }
    }

    private func appendFraming(to out: inout [UInt8]) {
        switch framing {
        case .none, .untilClose: break
        case .length(let count): append("Content-Length", String(count).utf8, to: &out)
        case .chunked: append("Transfer-Encoding", "chunked".utf8, to: &out)
        }
    }

    private func appendConnection(to out: inout [UInt8]) {
        guard keepsAlive else { return append("Connection", "close".utf8, to: &out) }
        append("Connection", "keep-alive".utf8, to: &out)
        append("Keep-Alive", keepAlive.utf8, to: &out)
    }

    private func append(_ name: String, _ value: some Collection<UInt8>, to out: inout [UInt8]) {
        append(name.utf8, value, to: &out)
    }

    /// All fields are written here: control characters are left out, so that no value can end its line.
    private func append(
        _ name: some Collection<UInt8>,
        _ value: some Collection<UInt8>,
        to out: inout [UInt8]
    ) {
        out.append(contentsOf: name)
        out.append(contentsOf: ": ".utf8)
        if value.allSatisfy(ASCII.isFieldValue) {
            out.append(contentsOf: value)
        } else {
            out.append(contentsOf: value.lazy.filter(ASCII.isFieldValue))
        }
        out.append(contentsOf: "\r\n".utf8)
    }

    private func appendChunk(_ bytes: [UInt8], to out: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        guard case .chunked = framing else {
            out.append(contentsOf: bytes)
            return
        }
        out.append(contentsOf: Self.chunkHead(bytes.count))
        out.append(contentsOf: bytes)
        out.append(contentsOf: Self.chunkEnd)
    }

    private static func chunkHead(_ count: Int) -> [UInt8] { Array("\(String(count, radix: 16))\r\n".utf8) }
    private static let chunkEnd = Array("\r\n".utf8)

    private static let reservedNames = [
        "content-length", "transfer-encoding", "connection", "keep-alive", "date",
    ].map { Array($0.utf8) }

    private static func isReserved(_ name: ArraySlice<UInt8>) -> Bool {
        reservedNames.contains { ASCII.equalsIgnoringCase(name, $0) }
    }
}
