internal import Core
internal import HTTP

/// Reads the grouping key of a path: `/metrics/job/<job>{/<label>/<value>}`.
///
/// A name that ends with `@base64` has a value in base64url, with or without padding; `=` is the empty one. An empty
/// value may also end the path, behind a slash.
enum PushPath {
    /// Why a path names no group, as a sentence.
    struct SyntaxError: Error {
        let message: String
    }

    /// The most labels of a group, and the most bytes of a name and of a value.
    private static let (mostLabels, nameBytes, valueBytes) = (64, 256, 4096)
    private static let suffix = "@base64"

    /// The group of a path that was not percent-decoded.
    static func group(_ path: String) throws(SyntaxError) -> PushGroup {
        var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .dropFirst(2).map { PercentCoding.decode($0) }
        // Bytes that are no UTF-8 have become U+FFFD, under which several groups would be one.
        guard !parts.contains(where: { $0.unicodeScalars.contains("\u{FFFD}") }) else {
            throw SyntaxError(message: "the path is not UTF-8, or has a U+FFFD")
        }
        if parts.count % 2 == 1 {
            // A slash behind the last value; it may be the mark of an empty one otherwise.
            guard parts.last == "" else {
                throw SyntaxError(message: "the last label of the path has no value")
            }
            parts.removeLast()
        }
        guard parts.count / 2 <= mostLabels else {
            throw SyntaxError(message: "the path has more than \(mostLabels) labels")
        }
        var pairs: [(String, String)] = []
        for index in stride(from: 0, to: parts.count, by: 2) {
            pairs.append(try label(parts[index], parts[index + 1]))
        }
        // The job comes first, and a label of this name behind it does not replace it.
        guard let job = pairs.first, job.0 == "job",
            let group = PushGroup(LabelSet(pairs.dropFirst() + [job]))
        else { throw SyntaxError(message: "the job of the path is empty") }
        guard job.1.utf8.count <= ComponentKey.longestName else {
            throw SyntaxError(message: "the job has more than \(ComponentKey.longestName) bytes")
        }
        return group
    }

    private static func label(_ name: String, _ value: String) throws(SyntaxError) -> (String, String) {
        let isEncoded = name.hasSuffix(suffix)
        let bare = isEncoded ? String(name.dropLast(suffix.count)) : name
        guard ExpositionName.label(bare) == bare, bare.utf8.count <= nameBytes else {
            throw SyntaxError(message: "the path has a label whose name is not allowed")
        }
        let plain = isEncoded ? try decoded(value) : value
        guard plain.utf8.count <= valueBytes else {
            throw SyntaxError(message: "the value of the label \(bare) has more than \(valueBytes) bytes")
        }
        guard !plain.utf8.contains(0) else {
            throw SyntaxError(message: "the value of the label \(bare) has a U+0000, which cannot be stored")
        }
        return (bare, plain)
    }

    private static func decoded(_ value: String) throws(SyntaxError) -> String {
        var digits = Array(value.utf8)
        while digits.last == UInt8(ascii: "=") { digits.removeLast() }
        guard !digits.contains(UInt8(ascii: "+")), !digits.contains(UInt8(ascii: "/")) else {
            throw SyntaxError(message: "a value of the path is in base64, and not in base64url")
        }
        let standard = digits.map { byte -> UInt8 in
            byte == UInt8(ascii: "-")
                ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
        }
        guard let bytes = Base64.decode(standard), let text = String(validating: bytes, as: UTF8.self) else {
            throw SyntaxError(message: "a value of the path is no text in base64url")
        }
        return text
    }
}
