import Core
import Notifications
import Synchronization

@testable import AlertsClient

/// A server's channels and rules as far as a client sees them: masked, merged and compared as Weir does it.
final class StubServer: AlertsTransport {
    struct Channel {
        var configuration: ChannelConfiguration
        var name: String
        var isEnabled: Bool
        var origin: String
    }

    struct State {
        var channels: [String: Channel] = [:]
        var rules: [String: JSONValue] = [:]
        var requests: [String] = []
        var canCompare = true
        /// What requests get instead of an answer of a server at work, by method and path.
        var answers: [String: [AlertsAnswer]] = [:]
        var count = 0
    }

    let state = Mutex(State())
    let origin = "http://stub"

    var server: AlertsServer { AlertsServer(self) }
    /// The requests that change something.
    var writes: [String] {
        state.withLock { $0.requests.filter { !$0.hasPrefix("GET") && !$0.hasSuffix("/compare") } }
    }

    func answer(_ request: String, _ status: Int, _ body: String, next: String? = nil) {
        state.withLock {
            $0.answers[request, default: []].append(
                AlertsAnswer(status: status, body: Array(body.utf8), nextCursor: next)
            )
        }
    }

    func ask(_ method: String, _ path: String, _ body: [UInt8]?) throws(AlertsFailure) -> AlertsAnswer {
        state.withLock { state in
            state.requests.append("\(method) \(path)")
            if var answers = state.answers["\(method) \(path)"], !answers.isEmpty {
                let first = answers.removeFirst()
                state.answers["\(method) \(path)"] = answers
                return first
            }
            let value = body.flatMap { try? JSONDocument($0).root }.map { JSONValue($0) } ?? .object([])
            let parts = path.split(separator: "?")[0].split(separator: "/").map(String.init)
            return parts[2] == "alert-rules"
                ? Self.rule(method, Array(parts.dropFirst(3)), value, &state)
                : Self.channel(method, Array(parts.dropFirst(3)), value, &state)
        }
    }

    private static func rule(_ method: String, _ rest: [String], _ body: JSONValue, _ state: inout State)
        -> AlertsAnswer
    {
        switch (method, rest.first) {
        case ("GET", nil): return json(.list(state.rules.sorted { $0.key < $1.key }.map(\.value)))
        case ("POST", nil):
            state.count += 1
            let id = "rule-\(state.count)"
            var rule = body
            rule["uuid"] = .text(id)
            state.rules[id] = rule
            return json(rule, 201)
        case ("PATCH", let id?):
            guard var rule = state.rules[id] else { return json(["error": "There is no such rule."], 404) }
            for member in body.members { rule[member.name] = member.value }
            state.rules[id] = rule
            return json(rule)
        case ("DELETE", let id?):
            state.rules[id] = nil
            return AlertsAnswer(status: 204, body: [])
        default: return AlertsAnswer(status: 405, body: [])
        }
    }

    private static func channel(_ method: String, _ rest: [String], _ body: JSONValue, _ state: inout State)
        -> AlertsAnswer
    {
        switch (method, rest.first, rest.dropFirst().first) {
        case ("GET", nil, _): return json(.list(state.channels.sorted { $0.key < $1.key }.map(shown)))
        case ("POST", nil, _):
            state.count += 1
            let id = "channel-\(state.count)"
            let kind = ChannelKind(rawValue: body["kind"]?.string ?? "") ?? .webhook
            state.channels[id] = Channel(
                configuration: ChannelConfiguration(kind: kind, config: body["config"] ?? .null),
                name: body["name"]?.string ?? "",
                isEnabled: body["enabled"]?.bool ?? true,
                origin: body["origin"]?.string ?? "api"
            )
            return json(["uuid": .text(id)], 201)
        case ("POST", let id?, "compare"):
            guard state.canCompare, let channel = state.channels[id] else {
                return json(["error": "no"], 405)
            }
            let merged = merged(channel.configuration.config, body["config"] ?? .null)
            let changed = channel.configuration.config.differences(to: merged)
            return json(["changed": .list(changed.map { .text($0) })])
        case ("PATCH", let id?, _):
            guard var channel = state.channels[id] else { return json(["error": "no"], 404) }
            if let config = body["config"] {
                channel.configuration = ChannelConfiguration(
                    kind: channel.configuration.kind,
                    config: merged(channel.configuration.config, config)
                )
            }
            channel.isEnabled = body["enabled"]?.bool ?? channel.isEnabled
            channel.origin = body["origin"]?.string ?? channel.origin
            state.channels[id] = channel
            return json(shown((id, channel)))
        case ("DELETE", let id?, _):
            state.channels[id] = nil
            return AlertsAnswer(status: 204, body: [])
        default: return AlertsAnswer(status: 405, body: [])
        }
    }

    private static func merged(_ old: JSONValue, _ patch: JSONValue) -> JSONValue {
        var merged = old
        for member in patch.members {
            guard member.name == "headers", member.value.isObject else {
                merged[member.name] = member.value
                continue
            }
            var headers = old["headers"] ?? .object([])
            for field in member.value.members {
                headers[field.name] = field.value == .null ? nil : field.value
            }
            merged["headers"] = headers
        }
        return merged
    }

    private static func shown(_ entry: (key: String, value: Channel)) -> JSONValue {
        [
            "uuid": .text(entry.key), "name": .text(entry.value.name),
            "kind": .text(entry.value.configuration.kind.rawValue),
            "config": entry.value.configuration.masked,
            "secret_fields": .list(entry.value.configuration.secretFields.map { .text($0) }),
            "enabled": .flag(entry.value.isEnabled), "origin": .text(entry.value.origin),
        ]
    }

    private static func json(_ value: JSONValue, _ status: Int = 200) -> AlertsAnswer {
        AlertsAnswer(status: status, body: value.json)
    }
}

/// Reads texts as files and compares them with a stub.
enum Files {
    static func read(_ text: String, _ variables: [String: String] = [:]) throws -> AlertsFile {
        var reader = AlertsFileReader(variables: variables)
        reader.read(Array(text.utf8), named: "a.yaml")
        return try reader.finish().get()
    }

    /// The problems of a text, a line each.
    static func problems(_ text: String, _ variables: [String: String] = [:]) -> [String] {
        do {
            _ = try read(text, variables)
            return []
        } catch let problems as FileProblems {
            return problems.all.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    static func plan(
        _ file: AlertsFile,
        _ stub: StubServer,
        adopts: Bool = false,
        prunes: Bool = false
    ) throws -> AlertsPlan {
        let server = stub.server
        return try AlertsPlanner(
            channels: try server.channels(),
            rules: try server.rules(),
            adopts: adopts,
            prunes: prunes,
            compare: server.compare
        ).plan(file)
    }

    static func apply(
        _ file: AlertsFile,
        _ stub: StubServer,
        adopts: Bool = false,
        prunes: Bool = false
    ) throws {
        try PlanRunner(stub.server).run(try plan(file, stub, adopts: adopts, prunes: prunes)) { _ in }
    }
}
