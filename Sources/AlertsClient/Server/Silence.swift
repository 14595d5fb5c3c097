package import Core
internal import Notifications

/// A silence as the server shows it, in the form of Alertmanager's API.
package struct ShownSilence: Sendable {
    package let id: String
    /// `active`, `pending` or `expired`.
    package let state: String
    package let matchers: [LabelMatcher]
    package let startsAt: Timestamp?
    package let endsAt: Timestamp?
    package let createdBy: String
    package let comment: String
    /// As the server wrote it.
    package let json: [UInt8]

    /// Reads one; what is absent is empty.
    package init(_ node: JSONNode) {
        id = node["id"]?.string ?? ""
        state = node["status"]?["state"]?.string ?? ""
        matchers =
            node["matchers"]?.elements.map {
                LabelMatcher(
                    name: $0["name"]?.string ?? "",
                    value: $0["value"]?.string ?? "",
                    isRegex: $0["isRegex"]?.bool ?? false,
                    isEqual: $0["isEqual"]?.bool ?? true
                )
            } ?? []
        startsAt = node["startsAt"]?.timestamp
        endsAt = node["endsAt"]?.timestamp
        createdBy = node["createdBy"]?.string ?? ""
        comment = node["comment"]?.string ?? ""
        json = Array(node.rawBytes)
    }
}

/// A silence that is to be made.
package struct NewSilence: Sendable {
    package var matchers: [LabelMatcher]
    package var startsAt: Timestamp
    package var endsAt: Timestamp
    package var createdBy: String
    package var comment: String

    /// Makes one.
    package init(
        _ matchers: [LabelMatcher],
        from start: Timestamp,
        until end: Timestamp,
        by name: String,
        comment: String
    ) {
        self.matchers = matchers
        startsAt = start
        endsAt = end
        createdBy = name
        self.comment = comment
    }

    var body: JSONValue {
        [
            "matchers": .list(matchers.map(\.json)), "startsAt": .text(startsAt.iso8601(offset: .z)),
            "endsAt": .text(endsAt.iso8601(offset: .z)), "createdBy": .text(createdBy),
            "comment": .text(comment),
        ]
    }
}

/// A condition on a label, written as amtool takes it: `process=~"A.*"`.
package struct LabelMatcher: Hashable, Sendable, CustomStringConvertible {
    package var name: String
    package var value: String
    package var isRegex: Bool
    package var isEqual: Bool

    /// Makes a condition.
    package init(name: String, value: String, isRegex: Bool, isEqual: Bool) {
        self.name = name
        self.value = value
        self.isRegex = isRegex
        self.isEqual = isEqual
    }

    /// As it is written: the value in quotes where it has other characters than words have.
    package var description: String {
        let sign = isEqual ? (isRegex ? "=~" : "=") : (isRegex ? "!~" : "!=")
        let isPlain = !value.isEmpty && value.utf8.allSatisfy(Self.isPlain)
        return isPlain ? name + sign + value : name + sign + Self.quoted(value)
    }

    var json: JSONValue {
        [
            "name": .text(name), "value": .text(value), "isRegex": .flag(isRegex), "isEqual": .flag(isEqual),
        ]
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
            || "-_./:*+".utf8.contains(byte)
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONWriter.appendQuoted(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
