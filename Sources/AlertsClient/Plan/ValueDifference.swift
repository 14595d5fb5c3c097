internal import Notifications

/// Finds what differs between two JSON objects, whatever the order of their members.
enum ValueDifference {
    /// The members that differ, by name; those of objects within objects with a dotted path.
    static func paths(_ old: JSONValue, _ new: JSONValue) -> [String] {
        let names = Set(old.members.map(\.name) + new.members.map(\.name)).sorted()
        return names.flatMap { name -> [String] in
            let (left, right) = (normal(old[name] ?? .null), normal(new[name] ?? .null))
            if left == right { return [] }
            guard left.isObject, right.isObject else { return [name] }
            return paths(left, right).map { "\(name).\($0)" }
        }
    }

    /// Equal for what means the same: `0.20` and `0.2`; null and nothing; members in any order.
    static func normal(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .flag, .text: return value
        case .number(let digits):
            let text = String(decoding: digits, as: UTF8.self)
            guard let number = Double(text) else { return value }
            let shown = Int64(exactly: number).map(String.init) ?? "\(number)"
            return .number(Array(shown.utf8))
        case .list(let elements): return .list(elements.map(normal))
        case .object(let members):
            let kept = members.map { JSONValue.Member($0.name, normal($0.value)) }.filter {
                $0.value != .null
            }
            return .object(kept.sorted { $0.name < $1.name })
        }
    }

    /// The configuration with null for every member that only the old one has: a patch that leaves no others.
    static func patch(_ old: JSONValue, _ new: JSONValue) -> JSONValue {
        var patch = new
        for member in old.members where member.value != .null {
            guard let value = new[member.name] else {
                patch[member.name] = .null
                continue
            }
            // Of header fields those that are not named stay. Contract beampipe §4.3.
            if member.name == "headers", member.value.isObject, value.isObject {
                patch[member.name] = Self.patch(member.value, value)
            }
        }
        return patch
    }

    /// A value in a line for people.
    static func shown(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: "none"
        case .text(let text): text
        case let value?: String(decoding: value.json, as: UTF8.self)
        }
    }
}
