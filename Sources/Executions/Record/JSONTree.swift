internal import Core

/// A JSON value that can be changed: run records are merged member by member.
indirect enum JSONTree: Hashable, Sendable {
    /// Members in their order; names are unique.
    case object([Member])
    case array([JSONTree])
    case text(String)
    /// A number, true, false or null, as it was sent.
    case other([UInt8])

    struct Member: Hashable, Sendable {
        let name: String
        var value: JSONTree
    }

    static let empty = JSONTree.object([])

    /// Reads a value; of a repeated member the last one counts.
    init(_ node: JSONNode) {
        switch node.kind {
        case .object:
            var members: [Member] = []
            var places: [String: Int] = [:]
            for member in node.members {
                let (name, value) = (member.key.string ?? "", JSONTree(member.value))
                if let place = places[name] {
                    members[place].value = value
                } else {
                    places[name] = members.count
                    members.append(Member(name: name, value: value))
                }
            }
            self = .object(members)
        case .array: self = .array(node.elements.map { JSONTree($0) })
        case .string: self = .text(node.string ?? "")
        default: self = .other(Array(node.rawBytes))
        }
    }

    /// Reads JSON text; nil when it is none.
    init?(json: [UInt8]) {
        guard let document = try? JSONDocument(json) else { return nil }
        self.init(document.root)
    }

    /// The JSON text.
    var bytes: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .object(let members):
            writer.object { object in
                for member in members {
                    object.key(member.name)
                    member.value.write(to: &object)
                }
            }
        case .array(let elements):
            writer.array { array in
                for element in elements { element.write(to: &array) }
            }
        case .text(let text): writer.value(text)
        case .other(let bytes): writer.raw(bytes)
        }
    }

    /// The members of an object; none of anything else.
    var members: [Member] {
        guard case .object(let members) = self else { return [] }
        return members
    }

    /// The text; nil of anything else.
    var string: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// A member of an object: nil takes it out. Setting a member of anything else makes it an object.
    subscript(name: String) -> JSONTree? {
        get { members.first { $0.name == name }?.value }
        set {
            var members = members
            let place = members.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(name: name, value: value))
            case (nil, nil): break
            }
            self = .object(members)
        }
    }

    /// The same with each text changed, by the name of the member that holds it or its list.
    func mappingTexts(named name: String = "", _ change: (_ name: String, _ text: String) -> String)
        -> JSONTree
    {
        switch self {
        case .object(let members):
            .object(
                members.map { Member(name: $0.name, value: $0.value.mappingTexts(named: $0.name, change)) }
            )
        case .array(let elements): .array(elements.map { $0.mappingTexts(named: name, change) })
        case .text(let text): .text(change(name, text))
        case .other: self
        }
    }
}
