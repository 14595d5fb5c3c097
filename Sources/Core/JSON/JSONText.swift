/// JSON strings and their text.
package enum JSONText {
    /// The text of a JSON string; nil for any other value.
    package static func string(_ json: ArraySlice<UInt8>) -> String? {
        guard json.first == UInt8(ascii: "\""), json.count >= 2 else { return nil }
        let contents = json.dropFirst().dropLast()
        guard contents.contains(UInt8(ascii: "\\")) else { return String(decoding: contents, as: UTF8.self) }
        return (try? JSONDocument(Array(json)))?.root.string
    }

    /// A text as a JSON string.
    package static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.appendQuoted(text, to: &bytes)
        return bytes
    }
}
