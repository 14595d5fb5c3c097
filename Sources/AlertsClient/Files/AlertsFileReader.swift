internal import Alerts
internal import Configuration
internal import Notifications

/// Reads channels and rules from YAML, and says what is wrong with every line.
package struct AlertsFileReader {
    private let placeholders: Placeholders
    private var result = AlertsFile()
    private var places: [String: FileProblem] = [:]
    private var problems: [FileProblem] = []

    /// Placeholders such as `${HOOK}` in channels are replaced by these variables.
    package init(variables: [String: String]) {
        placeholders = Placeholders(variables: variables)
    }

    /// Reads one more file.
    package mutating func read(_ bytes: [UInt8], named file: String) {
        do throws(FileProblem) {
            guard let root = try YAMLReader.read(bytes, named: file), !root.isNull else { return }
            var map = MapReader(root, file: file, path: "")
            readChannels(&map)
            readRules(&map)
            // A place for what is used by name.
            map.ignore { $0.hasPrefix("x-") }
            problems += map.finish()
        } catch {
            problems.append(error)
        }
    }

    /// Everything that was read, by name; every problem of every file when there is one.
    package func finish() -> Result<AlertsFile, FileProblems> {
        guard problems.isEmpty else { return .failure(FileProblems(Array(Set(problems)).sorted())) }
        var result = result
        result.channels.sort { $0.name < $1.name }
        result.rules.sort { $0.name < $1.name }
        return .success(result)
    }

    // MARK: - Channels

    private mutating func readChannels(_ root: inout MapReader) {
        for entry in root.map("channels") ?? [] {
            var map = MapReader(entry.value, file: root.file, path: "channels.\(entry.key)", line: entry.line)
            notice("channel", entry, map.file)
            let kind = map.word("kind", ChannelKind.self)
            let isEnabled = map.flag("enabled") ?? true
            if kind == nil {
                if !map.hasProblem { map.report(entry.line, "kind is missing: it is one of \(Self.kinds)") }
                map.ignore { _ in true }
            }
            if let kind {
                let channel = channel(entry, kind, isEnabled, &map)
                if !map.hasProblem { result.channels.append(channel) }
            }
            problems += map.finish()
        }
    }

    private static let kinds = ChannelKind.allCases.map(\.rawValue).joined(separator: ", ")

    private func channel(
        _ entry: YAMLNode.Entry,
        _ kind: ChannelKind,
        _ isEnabled: Bool,
        _ map: inout MapReader
    ) -> WantedChannel {
        var marks = FileMarks(file: map.file, line: entry.line)
        marks.lines["kind"] = map.line("kind")
        marks.lines["enabled"] = map.line("enabled")
        var config = JSONValue.object([])
        for key in kind.keys {
            guard let entry = map.take(key) else { continue }
            marks.note(entry, at: "config.\(key)")
            do throws(Placeholders.Fault) {
                config[key] = try filled(entry.value.json(asText: kind.takesText(key)))
            } catch {
                map.report(entry.line, "\(key): \(error.message)")
            }
        }
        map.expects = kind.keys + ["kind", "enabled"]
        if !map.hasProblem {
            let configuration = ChannelConfiguration(kind: kind, config: config)
            for problem in configuration.problems(Self.policy) {
                let hint = problem.hint.map { "; \($0)" } ?? ""
                let place = marks.problem(problem.path, "")
                let name = problem.path.dropFirst("config.".count)
                map.report(place.line, "\(name): \(problem.message)\(hint)")
            }
        }
        return WantedChannel(name: entry.key, kind: kind, config: config, isEnabled: isEnabled, marks: marks)
    }

    /// The server knows which variables and files may be named, and whether it is in production.
    private static let policy = SecretPolicy(variablePrefix: "", directories: ["/"])

    private func filled(_ value: JSONValue) throws(Placeholders.Fault) -> JSONValue {
        switch value {
        case .text(let text): return .text(try placeholders.filled(text))
        case .list(let elements):
            var filled: [JSONValue] = []
            for element in elements { filled.append(try self.filled(element)) }
            return .list(filled)
        case .object(let members):
            var filled: [JSONValue.Member] = []
            for member in members { filled.append(.init(member.name, try self.filled(member.value))) }
            return .object(filled)
        case .null, .flag, .number: return value
        }
    }

    // MARK: - Rules

    private mutating func readRules(_ root: inout MapReader) {
        for entry in root.map("rules") ?? [] {
            var map = MapReader(entry.value, file: root.file, path: "rules.\(entry.key)", line: entry.line)
            notice("rule", entry, map.file)
            let rule = RuleReader(name: entry.key, line: entry.line).read(&map)
            if let rule, !map.hasProblem { result.rules.append(rule) }
            problems += map.finish()
        }
    }

    /// A name that two files use.
    private mutating func notice(_ what: String, _ entry: YAMLNode.Entry, _ file: String) {
        let key = "\(what) \(entry.key)"
        let place = FileProblem(file: file, line: entry.line, message: "")
        if let earlier = places[key] {
            let message = "the \(key) is there twice, first in \(earlier.file):\(earlier.line)"
            problems.append(FileProblem(file: file, line: entry.line, message: message))
        }
        places[key] = place
    }
}

/// Everything that is wrong with some files.
package struct FileProblems: Error, Sendable {
    /// At least one, by file and line.
    package let all: [FileProblem]

    /// Collects problems.
    package init(_ all: [FileProblem]) {
        self.all = all
    }

    /// The problems as lines for people.
    package var failure: AlertsFailure { AlertsFailure(lines: all.map(\.description)) }
}

extension FileMarks {
    /// Remembers where a value and everything in it stands.
    mutating func note(_ entry: YAMLNode.Entry, at path: String) {
        lines[path] = entry.line
        note(entry.value, at: path)
    }

    private mutating func note(_ node: YAMLNode, at path: String) {
        for entry in node.entries ?? [] { note(entry, at: "\(path).\(entry.key)") }
        for (index, element) in (node.elements ?? []).enumerated() {
            lines["\(path).\(index)"] = element.line
            note(element, at: "\(path).\(index)")
        }
    }
}
