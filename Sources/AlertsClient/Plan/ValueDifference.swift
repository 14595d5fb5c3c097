internal import Notifications

/// What becomes of a configuration that differs.
enum ValueDifference {
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
