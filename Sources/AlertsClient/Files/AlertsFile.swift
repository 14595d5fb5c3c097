package import Alerts
package import Notifications

/// What files say that there is to be: channels and rules. Read by `AlertsFileReader`.
package struct AlertsFile: Sendable {
    package var channels: [WantedChannel] = []
    package var rules: [WantedRule] = []
}

/// Where the parts of a channel or a rule stand in a file.
package struct FileMarks: Sendable {
    package let file: String
    package let line: Int
    /// By the paths of the API: `config.url`, `trigger_config.threshold`.
    var lines: [String: Int] = [:]

    /// A problem with a part, at the line of the part or of what it is in.
    package func problem(_ path: String, _ message: String) -> FileProblem {
        var steps = path.split(separator: ".")
        while !steps.isEmpty {
            if let line = lines[steps.joined(separator: ".")] {
                return FileProblem(file: file, line: line, message: message)
            }
            steps.removeLast()
        }
        return FileProblem(file: file, line: line, message: message)
    }
}

/// A channel that is to be there.
package struct WantedChannel: Sendable {
    package var name: String
    package var kind: ChannelKind
    /// An object, with its secrets.
    package var config: JSONValue
    package var isEnabled: Bool
    package var marks: FileMarks
}

/// A rule that is to be there.
package struct WantedRule: Sendable {
    package var name: String
    package var description: String?
    package var project: String?
    package var isEnabled: Bool
    package var severity: String
    package var kind: TriggerKind
    /// An object.
    package var config: JSONValue
    package var scope: [String: String]
    /// Names.
    package var channels: [String]
    /// In seconds.
    package var cooldown: Int
    package var dedupeBy: String
    package var sendsResolved: Bool
    package var marks: FileMarks

    /// The body of a request that makes it so.
    package func body(channelIDs: [String]) -> JSONValue {
        [
            "name": .text(name), "description": description.map { .text($0) } ?? .null,
            "project_module": project.map { .text($0) } ?? .null, "enabled": .flag(isEnabled),
            "severity": .text(severity), "trigger_kind": .text(kind.rawValue), "trigger_config": config,
            "scope": .object(scope.sorted { $0.key < $1.key }.map { .init($0.key, .text($0.value)) }),
            "channel_ids": .list(channelIDs.map { .text($0) }),
            "cooldown_seconds": .number(Array(String(cooldown).utf8)), "dedupe_by": .text(dedupeBy),
            "send_resolved": .flag(sendsResolved), "origin": "file",
        ]
    }
}
