internal import Core

/// The value of a `traceparent` header. W3C Trace Context §3.2; contract pipelogiq §3.2.
package struct TraceParent: Hashable, Sendable {
    /// The trace.
    package let traceID: TraceID
    /// The span of the caller.
    package let spanID: SpanID
    /// Whether the caller records this trace.
    package let isSampled: Bool
    /// Whether the trace id is random as level 2 defines it.
    package let isRandom: Bool

    /// Makes a value.
    package init(traceID: TraceID, spanID: SpanID, isSampled: Bool, isRandom: Bool = false) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.isRandom = isRandom
    }

    /// Parses a header; nil for anything that the standard tells to ignore.
    ///
    /// Blanks around it are allowed. Version `00` has exactly 55 characters; of a later one only the first four fields
    /// are read.
    package init?(_ header: some StringProtocol) {
        let text = Array(trimmed(header).utf8)
        guard text.count >= 55, text[2] == dash, text[35] == dash, text[52] == dash else { return nil }
        guard let version = lowerCaseHex(String(decoding: text[0..<2], as: UTF8.self), digits: 2)?.first,
            let traceID = TraceID(wire: String(decoding: text[3..<35], as: UTF8.self)),
            let spanID = SpanID(wire: String(decoding: text[36..<52], as: UTF8.self)),
            let flags = lowerCaseHex(String(decoding: text[53..<55], as: UTF8.self), digits: 2)?.first
        else { return nil }
        switch version {
        case 0xFF: return nil
        case 0: guard text.count == 55 else { return nil }
        default: guard text.count == 55 || text[55] == dash else { return nil }
        }
        self.init(traceID: traceID, spanID: spanID, isSampled: flags & 1 != 0, isRandom: flags & 2 != 0)
    }

    /// The flags as a number: unknown ones are zero.
    package var flags: UInt8 { (isSampled ? 1 : 0) | (isRandom ? 2 : 0) }
}

extension TraceParent: CustomStringConvertible {
    /// The header, of version `00`.
    package var description: String {
        var text = Array("00-\(traceID)-\(spanID)-".utf8)
        Hex.append(flags, to: &text)
        return String(decoding: text, as: UTF8.self)
    }
}

private let dash = UInt8(ascii: "-")

/// A header without the blanks and tabs around it: RFC 9110 §5.6.3.
func trimmed<Text: StringProtocol>(_ text: Text) -> Text.SubSequence {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    var rest = text[...]
    while let first = rest.first, isBlank(first) { rest = rest.dropFirst() }
    while let last = rest.last, isBlank(last) { rest = rest.dropLast() }
    return rest
}
