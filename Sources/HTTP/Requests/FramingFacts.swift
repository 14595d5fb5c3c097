/// The fields that decide how a request is delimited and whether it is accepted.
enum InterestingField {
    case host(isValid: Bool)
    case contentLength(Result<[Int], RequestError>)
    case transferEncoding([[UInt8]])
    case expect(isContinue: Bool)

    init?(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        // By length first: most fields are none of these.
        switch name.count {
        case 4 where ASCII.equalsIgnoringCase(name, "host".utf8):
            // RFC 9110 §7.2: an empty value means that the target has no authority.
            self = .host(isValid: value.isEmpty || Authority.isValid(value))
        case 6 where ASCII.equalsIgnoringCase(name, "expect".utf8):
            // RFC 9110 §5.6.1.2: empty members of a list say nothing.
            self = .expect(
                isContinue: Self.members(value).allSatisfy {
                    $0.isEmpty || ASCII.equalsIgnoringCase($0, "100-continue".utf8)
                }
            )
        case 14 where ASCII.equalsIgnoringCase(name, "content-length".utf8):
            self = .contentLength(Self.lengths(value))
        case 17 where ASCII.equalsIgnoringCase(name, "transfer-encoding".utf8):
            self = .transferEncoding(Self.members(value).map(Array.init))
        default:
            return nil
        }
    }

    private static func members(_ value: UnsafeRawBufferPointer) -> [Slice<UnsafeRawBufferPointer>] {
        value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map(ASCII.trimmed)
    }

    /// RFC 9110 §8.6: `1*DIGIT`; a proxy may turn repeated fields into a list of equal values.
    private static func lengths(_ value: UnsafeRawBufferPointer) -> Result<[Int], RequestError> {
        var lengths: [Int] = []
        for member in members(value) {
            guard let length = length(member) else { return .failure(RequestError(.malformedLength)) }
            lengths.append(length)
        }
        return .success(lengths)
    }

    private static func length(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard !digits.isEmpty else { return nil }
        var length = 0
        for digit in digits {
            guard ASCII.isDigit(digit) else { return nil }
            let (tens, isTooLong) = length.multipliedReportingOverflow(by: 10)
            let (sum, isTooLarge) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !isTooLong, !isTooLarge else { return nil }
            length = sum
        }
        return length
    }
}

/// The header section's facts about framing, collected line by line and judged at its end (RFC 9112 §6.3).
struct FramingFacts: Sendable {
    private var hasHost = false
    private var length: Int?
    private var codings: [[UInt8]]?
    private var hasUnknownExpectation = false

    mutating func note(_ field: InterestingField?) throws(RequestError) {
        switch field {
        case nil:
            break
        case .host(let isValid):
            guard !hasHost else { throw RequestError(.repeatedHost) }
            guard isValid else { throw RequestError(.malformedHost) }
            hasHost = true
        case .contentLength(let lengths):
            for value in try lengths.get() {
                guard length == nil || length == value else { throw RequestError(.differingLengths) }
                length = value
            }
        case .transferEncoding(let members):
            codings = (codings ?? []) + members
        case .expect(let isContinue):
            hasUnknownExpectation = hasUnknownExpectation || !isContinue
        }
    }

    func framing(version: HTTPVersion) throws(RequestError) -> BodyFraming {
        // RFC 9112 §3.2.
        if version == .http11, !hasHost { throw RequestError(.missingHost) }
        // RFC 9110 §10.1.1: expectations of an HTTP/1.0 client are ignored.
        if version == .http11, hasUnknownExpectation { throw RequestError(.expectationFailed) }
        guard let codings else { return length.map(BodyFraming.length) ?? .none }
        // RFC 9112 §6.1: both may be request smuggling.
        guard length == nil else { throw RequestError(.lengthAndTransferEncoding) }
        guard version == .http11 else { throw RequestError(.transferEncodingInHTTP10) }
        let isChunked = codings.map { ASCII.equalsIgnoringCase($0, "chunked".utf8) }
        // RFC 9112 §6.3: chunked must come last and once, otherwise the end cannot be found.
        guard !isChunked.dropLast().contains(true) else { throw RequestError(.chunkedNotLast) }
        guard isChunked == [true] else { throw RequestError(.unknownTransferCoding) }
        return .chunked
    }
}
