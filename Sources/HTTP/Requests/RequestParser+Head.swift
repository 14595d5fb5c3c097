extension RequestParser {
    mutating func readRequestLine(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(RequestError) -> Event? {
        // Another protocol (a TLS hello) need not contain a line feed: see it by its first byte.
        if lines.isEmpty, offset < bytes.count, !LineReader.canBegin(bytes[offset]) {
            throw RequestError(.malformedRequestLine)
        }
        let tooLong = RequestError(.requestLineTooLong, limit: limits.requestLineBytes)
        let line = try lines.next(in: bytes, at: &offset, limit: limits.requestLineBytes, tooLong: tooLong)
        guard let line else { return .needMore }
        // RFC 9112 §2.2: a server should ignore at least one empty line before the request line.
        if line.isEmpty {
            emptyLines += 1
            guard emptyLines <= limits.leadingEmptyLines else { throw RequestError(.malformedRequestLine) }
            return nil
        }
        emptyLines = 0
        requestLine = try line.withBytes(in: bytes, RequestLine.init(parsing:))
        state = .fields
        return nil
    }

    mutating func readField(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(RequestError) -> Event? {
        guard let line = try nextFieldLine(in: bytes, at: &offset) else { return .needMore }
        guard line.isEmpty else {
            let field = try section.append(line, in: bytes, limits)
            try facts.note(field)
            return nil
        }
        return try finishHead()
    }

    mutating func readTrailer(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(RequestError) -> Event? {
        guard let line = try nextFieldLine(in: bytes, at: &offset) else { return .needMore }
        guard line.isEmpty else {
            _ = try section.append(line, in: bytes, limits)
            return nil
        }
        state = .complete
        return nil
    }

    private mutating func nextFieldLine(
        in bytes: UnsafeRawBufferPointer,
        at offset: inout Int
    ) throws(RequestError) -> LineReader.Line? {
        let tooLong = RequestError(.headerSectionTooLarge, limit: limits.headerBytes)
        let allowance = section.allowance(limits)
        return try lines.next(in: bytes, at: &offset, limit: allowance, tooLong: tooLong)
    }

    private mutating func finishHead() throws(RequestError) -> Event {
        guard let line = requestLine else { preconditionFailure("BUG: fields without a request line") }
        let framing = try facts.framing(version: line.version)
        var head = RequestHead(line: line, fields: section.fields)
        // RFC 9112 §3.2.2: an absolute-form target overrules Host.
        if let authority = line.authority {
            head.fields.set("Host", authority)
        }
        requestLine = nil
        section = FieldSection()
        facts = FramingFacts()
        state = .bodyStart(framing)
        return .head(head, framing)
    }
}
