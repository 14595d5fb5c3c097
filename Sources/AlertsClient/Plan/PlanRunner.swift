internal import Notifications

/// Does what a plan says, step by step: what was done before a failure stays, and the next plan goes on from there.
package struct PlanRunner {
    private let server: AlertsServer

    /// Works on a server.
    package init(_ server: AlertsServer) {
        self.server = server
    }

    /// Does everything; `done` hears of every step. Blocks.
    ///
    /// - Throws: what the server refused, with the line of the file that says it.
    package func run(_ plan: AlertsPlan, done: (AlertsPlan.Step) -> Void) throws(AlertsFailure) {
        var channelIDs = plan.channelIDs
        for step in plan.steps where step.action != .keep {
            do throws(AlertsFailure) {
                let id = try run(step, channelIDs)
                if step.resource == .channel, let id { channelIDs[step.name] = id }
            } catch {
                throw Self.placed(error, step)
            }
            done(step)
        }
    }

    private func run(_ step: AlertsPlan.Step, _ channelIDs: [String: String]) throws(AlertsFailure) -> String?
    {
        if step.action == .delete, let id = step.id {
            try server.delete(step.resource, id)
            return nil
        }
        guard let body = body(step, channelIDs) else { return nil }
        if let id = step.id {
            try server.change(step.resource, id, body)
            return id
        }
        return try server.add(step.resource, body)
    }

    private func body(_ step: AlertsPlan.Step, _ channelIDs: [String: String]) -> JSONValue? {
        if let rule = step.rule {
            return rule.body(channelIDs: rule.channels.compactMap { channelIDs[$0] })
        }
        guard let channel = step.channel else { return nil }
        var body: JSONValue = [
            "config": step.configPatch ?? channel.config, "enabled": .flag(channel.isEnabled),
            "origin": "file",
        ]
        if step.id == nil {
            body["name"] = .text(channel.name)
            body["kind"] = .text(channel.kind.rawValue)
        }
        return body
    }

    /// The lines of the file that a refusal is about.
    private static func placed(_ failure: AlertsFailure, _ step: AlertsPlan.Step) -> AlertsFailure {
        let head =
            "the \(step.resource.rawValue) \(step.name) could not be \(words[step.action] ?? "changed")"
        guard let marks = step.channel?.marks ?? step.rule?.marks, !failure.diagnostics.isEmpty else {
            return AlertsFailure(lines: ["\(head): \(failure.lines[0])"] + failure.lines.dropFirst())
        }
        let lines = failure.diagnostics.map { diagnostic in
            let hint = diagnostic.hint.map { "; \($0)" } ?? ""
            return marks.problem(diagnostic.path, "\(diagnostic.path): \(diagnostic.message)\(hint)")
                .description
        }
        return AlertsFailure(lines: ["\(head):"] + lines, status: failure.status)
    }

    private static let words: [AlertsPlan.Action: String] = [
        .add: "added", .change: "changed", .delete: "deleted",
    ]
}
