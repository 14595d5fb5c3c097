internal import Core

/// A run record: for each field its value as JSON text, nil for null.
///
/// Values stay as they were spelt, so that nothing a client sent changes on its way back.
struct RunRecord: Sendable, Equatable {
    private var values: [ArraySlice<UInt8>?]

    /// A record of nulls.
    init() {
        values = Array(repeating: nil, count: RunField.allCases.count)
    }

    /// Reads what `document` wrote; members that no record has are left out.
    init(_ document: JSONDocument) {
        self.init()
        for member in document.root.members {
            guard let field = RunField.named(member.rawKey), !member.value.isNull else { continue }
            self[field] = member.value.rawBytes
        }
    }

    /// A value as JSON text; nil for null.
    subscript(field: RunField) -> ArraySlice<UInt8>? {
        get { values[field.rawValue] }
        set { values[field.rawValue] = newValue }
    }

    /// Sets a text.
    mutating func set(_ field: RunField, _ text: String?) {
        self[field] = text.map { JSONText.quoted($0)[...] }
    }

    /// A text; nil for null and for what is no text.
    func text(_ field: RunField) -> String? {
        self[field].flatMap(JSONText.string)
    }

    /// The record as one JSON object, its members in the order of the contract.
    var document: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1400)
        for field in RunField.allCases {
            bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
            bytes.append(contentsOf: field.key)
            bytes.append(contentsOf: self[field] ?? Self.null)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private static let null = Array("null".utf8)[...]
}

/// JSON strings and their text.
enum JSONText {
    /// The text of a JSON string; nil for any other value.
    static func string(_ json: ArraySlice<UInt8>) -> String? {
        guard json.first == UInt8(ascii: "\""), json.count >= 2 else { return nil }
        let contents = json.dropFirst().dropLast()
        guard contents.contains(UInt8(ascii: "\\")) else { return String(decoding: contents, as: UTF8.self) }
        return (try? JSONDocument(Array(json)))?.root.string
    }

    /// A text as a JSON string.
    static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONWriter.appendQuoted(text, to: &bytes)
        return bytes
    }
}
