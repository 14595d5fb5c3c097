internal import Core
internal import Dispatch
internal import Processes

/// A program of the operator's that is run for each message.
extension Attempt {
    private static let queue = DispatchQueue(label: "weir.notifications.exec", attributes: .concurrent)

    func exec() async -> SendOutcome {
        let command = (configuration.config["command"]?.elements ?? []).compactMap(\.string)
        guard let program = command.first else { return .refused(status: nil, why: "there is no command") }
        guard options.commands.contains(program) else {
            return .refused(status: nil, why: "\(program) is not among the programs that channels may run")
        }
        let job = ExecJob(
            command: command,
            environment: environment,
            input: notification.body.isEmpty ? notification.genericBody.json : notification.body,
            timeout: options.attemptTimeout
        )
        return await withCheckedContinuation { continuation in
            Self.queue.async { continuation.resume(returning: job.run()) }
        }
    }

    /// None of the server's own variables, which may be secrets.
    private var environment: [String] {
        let values = [
            ("ID", notification.id.description), ("INCIDENT", notification.incident),
            ("STATE", notification.state.rawValue), ("EVENT", notification.event),
            ("SEVERITY", notification.severity.rawValue), ("TITLE", notification.title),
            ("TEXT", Cut.text(notification.text, to: .bytes(32 << 10))), ("AT", notification.at.seconds),
            ("PROJECT", notification.project ?? ""), ("LINK", notification.links.first?.url ?? ""),
            ("SUPPRESSED", String(notification.suppressed)),
        ]
        return values.map { "WEIR_ALERT_\($0.0)=\($0.1.filter { $0 != "\0" })" }
    }
}
