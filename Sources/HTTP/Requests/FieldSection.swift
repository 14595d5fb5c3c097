/// A header or trailer section while its lines arrive (RFC 9112 §5).
struct FieldSection: Sendable {
    private(set) var fields = HeaderFields()
    private var bytes = 0

    /// How long the next line may be without its CRLF; the empty line at the end always fits.
    func allowance(_ limits: Limits) -> Int {
        max(0, limits.headerBytes - bytes - 2)
    }

    /// Adds one line and returns which of the framing fields it is.
    mutating func append(
        _ line: LineReader.Line,
        in bytes: UnsafeRawBufferPointer,
        _ limits: Limits
    ) throws(RequestError) -> InterestingField? {
        guard fields.count < limits.headerCount else {
            throw RequestError(.tooManyFields, limit: limits.headerCount)
        }
        switch line {
        case .lent(let range):
            return try append(UnsafeRawBufferPointer(rebasing: bytes[range]))
        case .kept(let line):
            return try line.withUnsafeBufferPointer { (line) throws(RequestError) in
                try append(UnsafeRawBufferPointer(line))
            }
        }
    }

    private mutating func append(_ line: UnsafeRawBufferPointer) throws(RequestError) -> InterestingField? {
        // RFC 9112 §5.2: a server must refuse obs-fold or replace it; its sender may be hostile.
        if let first = line.first, ASCII.isBlank(first) { throw RequestError(.foldedField) }
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
            try Self.checkCharacters(line)
            throw RequestError(.malformedField)
        }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        guard ASCII.isToken(name) else { throw Self.nameError(name) }
        let rest = UnsafeRawBufferPointer(rebasing: line[(colon + 1)...])
        try Self.checkCharacters(rest)
        let value = UnsafeRawBufferPointer(rebasing: ASCII.trimmed(rest))
        fields.append(name: name, value: value)
        bytes += line.count + 2
        return InterestingField(name: name, value: value)
    }

    static func checkCharacters(_ bytes: UnsafeRawBufferPointer) throws(RequestError) {
        for byte in bytes where !ASCII.isFieldValue(byte) {
            throw RequestError(byte == ASCII.carriageReturn ? .bareCarriageReturn : .controlCharacter)
        }
    }

    private static func nameError(_ name: UnsafeRawBufferPointer) -> RequestError {
        // RFC 9112 §5.1: no whitespace between name and colon; it has been used to hide fields from other parsers.
        if let last = name.last, ASCII.isBlank(last) { return RequestError(.spaceBeforeColon) }
        if name.contains(ASCII.carriageReturn) { return RequestError(.bareCarriageReturn) }
        return RequestError(name.allSatisfy(ASCII.isFieldValue) ? .malformedField : .controlCharacter)
    }
}
