package import Core

/// What a line says beside its body: names and texts, such as the run that a change is for.
package struct LineMembers: Hashable, Sendable {
    /// As they stand in the line: JSON members, each with its comma.
    package let bytes: [UInt8]

    /// Members with these names and texts, in this order.
    package init(_ members: KeyValuePairs<String, String> = [:]) {
        var bytes: [UInt8] = []
        for (name, text) in members {
            JSONWriter.appendQuoted(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            JSONWriter.appendQuoted(text, to: &bytes)
            bytes.append(UInt8(ascii: ","))
        }
        self.bytes = bytes
    }

    /// Members as they stand in a line.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The text of a member; nil when there is none of that name, or it is no text.
    package subscript(name: String) -> String? { object?[name]?.string }

    /// The members as one object, for those who read several; nil when there are none.
    package var object: JSONNode? {
        guard !bytes.isEmpty else { return nil }
        let object = [UInt8(ascii: "{")] + bytes.dropLast() + [UInt8(ascii: "}")]
        return (try? JSONDocument(object))?.root
    }
}
