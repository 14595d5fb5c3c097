internal import Core
internal import Notifications

/// What has to be done so that the server has what files describe. Made by `AlertsPlanner`.
package struct AlertsPlan: Sendable {
    /// What happens to a channel or a rule.
    package enum Action: String, Sendable {
        case add, change, delete, keep
    }

    /// One difference, without secrets.
    package struct Change: Hashable, Sendable {
        /// As the file calls it: `cooldown`, `with.threshold`.
        package let name: String
        /// Nil where nothing can be shown.
        package var old: String?
        package var new: String?

        /// Makes one.
        package init(_ name: String, _ old: String? = nil, _ new: String? = nil) {
            self.name = name
            self.old = old
            self.new = new
        }

        var line: String {
            guard let old, let new else { return name }
            return "\(name): \(old) -> \(new)"
        }
    }

    /// One channel or rule.
    package struct Step: Sendable {
        package let action: Action
        package let resource: Resource
        package let name: String
        /// The kind of a channel, or the kind of what a rule waits for.
        package let kind: String
        /// At the server; nil for one that is added.
        package let id: String?
        package var changes: [Change] = []
        var channel: WantedChannel?
        var rule: WantedRule?
        /// The configuration with null for what is to go.
        var configPatch: JSONValue?
    }

    /// In the order in which they are done.
    package let steps: [Step]
    /// The ids of the server's channels by name.
    let channelIDs: [String: String]

    /// Whether there is nothing to do.
    package var isEmpty: Bool { steps.allSatisfy { $0.action == .keep } }

    /// How many channels and rules an action is for.
    package func count(_ action: Action) -> Int { steps.filter { $0.action == action }.count }

    /// The plan for people: what is kept is only counted.
    package func lines(width: Int) -> [String] {
        var lines: [String] = []
        for step in steps where step.action != .keep {
            let head =
                "\(Self.signs[step.action] ?? " ") \(step.resource == .channel ? "channel" : "rule   ")  "
            lines.append(Self.cut("\(head)\(TerminalText.value(step.name))  (\(step.kind))", width))
            for change in step.changes {
                lines.append(Self.cut("      " + TerminalText.value(change.line), width))
            }
        }
        if !lines.isEmpty { lines.append("") }
        return lines + [summary]
    }

    private static let signs: [Action: String] = [.add: "+", .change: "~", .delete: "-"]

    /// `1 to add, 2 to change, 0 to delete, 5 unchanged`.
    package var summary: String {
        """
        \(count(.add)) to add, \(count(.change)) to change, \(count(.delete)) to delete, \
        \(count(.keep)) unchanged
        """
    }

    /// The plan for programs.
    package func json(isDone: Bool) -> String {
        var writer = JSONWriter()
        writer.object { object in
            object.array("steps") { list in
                for step in steps {
                    list.object { element in
                        element.member("action", step.action.rawValue)
                        element.member("resource", step.resource.rawValue)
                        element.member("name", step.name)
                        element.member("kind", step.kind)
                        element.member("uuid", step.id)
                        element.array("fields") { fields in
                            for change in step.changes { fields.value(change.name) }
                        }
                    }
                }
            }
            object.member("add", count(.add))
            object.member("change", count(.change))
            object.member("delete", count(.delete))
            object.member("unchanged", count(.keep))
            object.member("applied", isDone)
        }
        return writer.text
    }

    private static func cut(_ line: String, _ width: Int) -> String {
        line.count <= width ? line : line.prefix(max(0, width - 1)) + "…"
    }
}
