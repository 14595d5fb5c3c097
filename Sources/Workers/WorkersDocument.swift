internal import API
internal import Core
internal import HTTP

/// Bodies of this surface as JSON documents.
enum WorkersDocument {
    /// The most names and values of a body: a document takes 16 bytes of memory for each.
    private static let mostValues = 4_000_000

    /// The document of a body. Python's clients write NaN and Infinity, which become texts.
    ///
    /// - Throws: the error of a missing or malformed body, or of one that PostgreSQL can't store.
    static func read(_ body: [UInt8]) throws(ValidationIssues) -> JSONDocument {
        guard !body.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) else {
            throw ValidationIssues([ValidationIssue([.name("body")], .missing, null)])
        }
        let document = try parsed(body)
        guard document.flags.isDisjoint(with: [.nulEscape, .loneSurrogate, .deepNesting]) else {
            throw [
                ValidationIssue(
                    [.name("body")],
                    .notStorable("U+0000, half of a surrogate pair, or too deep nesting")
                )
            ]
        }
        return document
    }

    private static func parsed(_ body: [UInt8]) throws(ValidationIssues) -> JSONDocument {
        do throws(JSONError) {
            return try JSONDocument(body, nodeLimit: mostValues)
        } catch {
            if let python = PythonJSON(body),
                let document = try? JSONDocument(python.bytes, nodeLimit: mostValues)
            {
                return document
            }
            throw ValidationIssues([.notJSON(error, in: body, input: emptyObject)])
        }
    }

    /// The body for the journal: without line breaks.
    static func line(_ document: JSONDocument) -> [UInt8] { line(document, document.bytes) }

    /// A part of the body for the journal.
    static func line(_ document: JSONDocument, part: JSONNode) -> [UInt8] {
        line(document, Array(part.rawBytes))
    }

    private static func line(_ document: JSONDocument, _ bytes: [UInt8]) -> [UInt8] {
        guard document.sawLineBreaksOutsideStrings else { return bytes }
        var bytes = bytes
        JSONStorable.blankLineBreaks(in: &bytes)
        return bytes
    }

    private static let null = Array("null".utf8)[...]
    private static let emptyObject = Array("{}".utf8)[...]
}
