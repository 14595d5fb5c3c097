/// One HTTP/1.1 response as a client saw it.
package struct RawResponse: Sendable {
    /// The status code.
    package var status: Int
    /// The reason phrase.
    package var reason: String
    /// The version as written, e.g. `HTTP/1.1`.
    package var version: String
    /// The fields in order, names as written.
    package var fields: [RawField]
    /// The body with chunked framing removed; not decompressed.
    package var body: [UInt8] = []
    /// The fields after a chunked body.
    package var trailers: [RawField] = []

    /// The body as text; bytes that are not UTF-8 are replaced.
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The first field with that name; case is ignored.
    package subscript(name: String) -> String? {
        values(name).first
    }

    /// All fields with that name, in order.
    package func values(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}

/// Reads a response from bytes that arrive in pieces; written independently of the server's parser.
struct RawResponseReader {
    let toHead: Bool

    /// The response and its length in bytes; nil while more bytes are needed.
    func read(_ bytes: [UInt8]) throws(RawClientError) -> (RawResponse, Int)? {
        guard let end = headEnd(bytes) else { return nil }
        var response = try parseHead(Array(bytes[..<end]))
        if toHead || response.status < 200 || response.status == 204 || response.status == 304 {
            return (response, end)
        }
        if response["Transfer-Encoding"]?.lowercased() == "chunked" {
            guard let consumed = try readChunks(bytes, from: end, into: &response) else { return nil }
            return (response, consumed)
        }
        guard let length = response["Content-Length"] else { return nil }
        guard let count = Int(length) else { throw .malformed("Content-Length \(length)") }
        guard bytes.count - end >= count else { return nil }
        response.body = Array(bytes[end..<(end + count)])
        return (response, end + count)
    }

    /// The response whose body ends with the stream (RFC 9112 §6.3 #8), if the framing says so.
    func finish(_ bytes: [UInt8]) -> RawResponse? {
        guard let end = headEnd(bytes) else { return nil }
        guard var response = try? parseHead(Array(bytes[..<end])) else { return nil }
        guard response["Content-Length"] == nil, response["Transfer-Encoding"] == nil else { return nil }
        response.body = Array(bytes[end...])
        return response
    }

    private func headEnd(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 3..<bytes.count where bytes[index] == 10 && bytes[index - 2] == 10 {
            if bytes[index - 1] == 13, bytes[index - 3] == 13 { return index + 1 }
        }
        return nil
    }

    private func parseHead(_ bytes: [UInt8]) throws(RawClientError) -> RawResponse {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let parts = (lines.first ?? "").split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
            throw .malformed("status line \(lines.first ?? "")")
        }
        return RawResponse(
            status: status,
            reason: parts.count > 2 ? String(parts[2]) : "",
            version: String(parts[0]),
            fields: try parseFields(lines.dropFirst())
        )
    }

    private func parseFields(_ lines: some Sequence<Substring>) throws(RawClientError) -> [RawField] {
        var fields: [RawField] = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { throw .malformed("field line \(line)") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields.append((String(line[..<colon]), String(value)))
        }
        return fields
    }

    private func readChunks(
        _ bytes: [UInt8],
        from start: Int,
        into response: inout RawResponse
    ) throws(RawClientError) -> Int? {
        var position = start
        while true {
            guard let (line, next) = readLine(bytes, from: position) else { return nil }
            let digits = line.prefix { $0 != ";" }
            guard let size = Int(digits, radix: 16) else { throw .malformed("chunk size \(line)") }
            position = next
            if size == 0 { break }
            guard bytes.count >= position + size + 2 else { return nil }
            response.body += bytes[position..<(position + size)]
            position += size + 2
            guard bytes[position - 2] == 13, bytes[position - 1] == 10 else { throw .malformed("chunk end") }
        }
        while let (line, next) = readLine(bytes, from: position) {
            if line.isEmpty { return next }
            response.trailers += try parseFields([Substring(line)])
            position = next
        }
        return nil
    }

    private func readLine(_ bytes: [UInt8], from start: Int) -> (String, Int)? {
        guard let end = bytes[start...].firstIndex(of: 10), end > start else { return nil }
        guard bytes[end - 1] == 13 else { return nil }
        return (String(decoding: bytes[start..<(end - 1)], as: UTF8.self), end + 1)
    }
}
