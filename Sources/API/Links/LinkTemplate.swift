/// A template of a link into a viewer of traces or logs, with placeholders such as `${traceId}`. Contract pipelogiq §2.6.
///
/// Values are percent-encoded, so that none can change the link's structure; the text of the template stays as it is,
/// except that characters which are illegal in a URL are encoded. What was put in is never scanned again.
package struct LinkTemplate: Hashable, Sendable {
    /// The names that a template may have in `${…}`.
    package enum Placeholder: String, CaseIterable, Sendable {
        case traceID = "traceId"
        case spanID = "spanId"
        case executionID = "executionId"
        case stageID = "stageId"
        case pipelineName
        case timestampMs
    }

    /// Why a text is no template.
    package struct Complaint: Error, Hashable, Sendable {
        /// A sentence for the one who saves it.
        package let message: String
    }

    /// What the template is for.
    package enum Purpose: Sendable {
        /// It must contain `${traceId}`.
        case trace
        case logs
    }

    private enum Piece: Hashable, Sendable {
        case literal(String)
        case value(Placeholder)
    }

    /// As it was saved, trimmed.
    package let text: String
    private let pieces: [Piece]

    /// The most characters of a template.
    package static let mostCharacters = 2048

    /// Reads a template; nil for a blank one, which is none.
    ///
    /// - Throws: `Complaint` for one that makes no `http` or `https` link.
    package static func read(_ text: String, for purpose: Purpose) throws(Complaint) -> LinkTemplate? {
        let trimmed = text.drop { $0 == " " || $0.isNewline || $0 == "\t" }
        let end = trimmed.lastIndex { $0 != " " && !$0.isNewline && $0 != "\t" }
        guard let end else { return nil }
        return try LinkTemplate(String(trimmed[...end]), purpose)
    }

    private init(_ text: String, _ purpose: Purpose) throws(Complaint) {
        guard text.unicodeScalars.count <= Self.mostCharacters else {
            throw Complaint(message: "The template is longer than \(Self.mostCharacters) characters")
        }
        guard !text.unicodeScalars.contains(where: { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) })
        else {
            throw Complaint(message: "The template has control characters")
        }
        self.text = text
        pieces = try Self.pieces(text)
        if purpose == .trace, !pieces.contains(.value(.traceID)) {
            throw Complaint(message: "The template of a trace link must contain ${traceId}")
        }
        let sample = pieces.map { if case .literal(let literal) = $0 { literal } else { "0" } }.joined()
        guard Self.isAbsolute(Self.encoded(literal: sample)) else {
            throw Complaint(message: "The template must be an absolute URL with http or https and a host")
        }
    }

    private static func pieces(_ text: String) throws(Complaint) -> [Piece] {
        var pieces: [Piece] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "${") {
            if start.lowerBound > rest.startIndex {
                pieces.append(.literal(String(rest[..<start.lowerBound])))
            }
            let after = rest[start.upperBound...]
            guard let end = after.firstIndex(of: "}"),
                let known = Placeholder(rawValue: String(after[..<end]))
            else {
                let names = Placeholder.allCases.map { "${\($0.rawValue)}" }.joined(separator: ", ")
                throw Complaint(message: "The template has an unknown placeholder; known are \(names)")
            }
            pieces.append(.value(known))
            rest = after[after.index(after: end)...]
        }
        if !rest.isEmpty { pieces.append(.literal(String(rest))) }
        return pieces
    }

    /// The link with these values; a missing value becomes an empty text.
    package func link(_ values: [Placeholder: String]) -> String {
        pieces.map { piece in
            switch piece {
            case .literal(let literal): Self.encoded(literal: literal)
            case .value(let name): Self.encoded(value: values[name] ?? "")
            }
        }.joined()
    }

    // MARK: - URLs

    /// Everything but the unreserved characters of RFC 3986 §2.3 is percent-encoded.
    package static func encoded(value: String) -> String {
        encode(value) { isAlphanumeric($0) || "-._~".utf8.contains($0) }
    }

    /// Characters that no URL may have are percent-encoded: RFC 3986 §2, where brackets stand only around an address.
    static func encoded(literal: String) -> String {
        encode(literal) { isAlphanumeric($0) || "-._~:/?#@!$&'()*+,;=%".utf8.contains($0) }
    }

    private static func encode(_ text: String, _ isKept: (UInt8) -> Bool) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if isKept(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isAbsolute(_ url: String) -> Bool {
        let lower = url.lowercased()
        guard let scheme = ["http://", "https://"].first(where: lower.hasPrefix) else { return false }
        let authority = url.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let name = host.prefix { $0 != ":" }
        let port = host.dropFirst(name.count + 1)
        return !name.isEmpty && !name.contains("%") && port.allSatisfy { ("0"..."9").contains($0) }
    }
}
