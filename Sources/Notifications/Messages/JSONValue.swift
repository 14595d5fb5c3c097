package import Core

/// A JSON value that can be changed: a channel's configuration, the body of a request.
package indirect enum JSONValue: Hashable, Sendable {
    /// A member of an object.
    package struct Member: Hashable, Sendable {
        package var name: String
        package var value: JSONValue

        /// Makes a member.
        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    case null
    case flag(Bool)
    /// The digits as they were written.
    case number([UInt8])
    case text(String)
    case list([JSONValue])
    /// Names are unique: of members with the same name the last one counts.
    case object([Member])

    /// Copies a JSON value; what is nested deeper than its document records is empty.
    package init(_ node: JSONNode) {
        switch node.kind {
        case .null: self = .null
        case .true: self = .flag(true)
        case .false: self = .flag(false)
        case .number: self = .number(Array(node.rawBytes))
        case .string: self = .text(node.string ?? "")
        case .array: self = .list(node.elements.map { JSONValue($0) })
        case .object:
            var object = JSONValue.object([])
            for member in node.members { object[member.key.string ?? ""] = JSONValue(member.value) }
            self = object
        }
    }

    /// The value of a member; nil where there is none. Setting nil removes the member, and a new one is the last.
    package subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            var members = members
            let place = members.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(name, value))
            case (nil, nil): break
            }
            self = .object(members)
        }
    }

    /// The members of an object; none of anything else.
    package var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The elements of a list; nil for anything else.
    package var elements: [JSONValue]? {
        if case .list(let elements) = self { elements } else { nil }
    }

    /// The text of a string; nil for anything else.
    package var string: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// A whole number; nil for anything else.
    package var integer: Int? {
        if case .number(let digits) = self { Int(String(decoding: digits, as: UTF8.self)) } else { nil }
    }

    /// `true` or `false`; nil for anything else.
    package var bool: Bool? {
        if case .flag(let flag) = self { flag } else { nil }
    }

    /// Whether it is an object.
    package var isObject: Bool {
        if case .object = self { true } else { false }
    }

    /// The value as JSON text, members in their order.
    package var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the value as the next one of a JSON text.
    package func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .flag(let flag): writer.value(flag)
        case .number(let digits): writer.raw(digits)
        case .text(let text): writer.value(text)
        case .list(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for member in members {
                writer.key(member.name)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .text(text) }
    package init(booleanLiteral flag: Bool) { self = .flag(flag) }
    package init(integerLiteral number: Int) { self = .number(Array(String(number).utf8)) }
    package init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(members.map { Member($0.0, $0.1) })
    }
}
