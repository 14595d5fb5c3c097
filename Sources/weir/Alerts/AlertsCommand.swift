import AlertsClient
import ArgumentParser
import Core
import WeirApp

/// `weir alerts`: what is wrong, who is told, and by which rules, as a client of a running Weir.
struct AlertsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Show and handle alerts of a running Weir: incidents, rules, channels, silences.",
        discussion: """
            Ids may be shortened to a beginning or an end that only one has; lists show ends, since ids of \
            the same time begin alike.

            Exit code 0 if it was done; 1 if the server refused it, a test was not delivered, or the \
            server is away; 2 if it was not confirmed, and nothing was changed.
            """,
        subcommands: [
            List.self, Acknowledge.self, Unacknowledge.self, Resolve.self, AlertsSilenceCommand.self,
            Test.self, AlertsRulesCommand.self, AlertsChannelsCommand.self, AlertsDeliveriesCommand.self,
            AlertsApplyCommand.self, AlertsPreviewCommand.self, AlertsExportCommand.self,
        ],
        defaultSubcommand: List.self
    )

    /// Lists incidents.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what fires, the latest first: severity, since, what, subject, who was told."
        )

        @Flag(help: "Also what is over.")
        var all = false

        @Option(help: "Only those of this project.")
        var project: String?

        @Option(help: "Only those this severe or worse: info, warning, error, critical.")
        var severity: String?

        @Option(help: ArgumentHelp("At most this many.", valueName: "n"))
        var limit = 200

        @OptionGroup var server: AlertsServerOptions

        func validate() throws {
            guard severity.map(Severities.all.contains) ?? true else {
                throw ValidationError("--severity takes one of \(Severities.all.joined(separator: ", ")).")
            }
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        }

        func run() async throws {
            try server.with { alerts in
                let found = try alerts.incidents(isFiring: all ? nil : true, project: project, limit: limit)
                let shown = found.filter { incident in severity.map(incident.isAtLeast) ?? true }
                let lines = AlertTables.lines(
                    shown,
                    withState: all,
                    at: .now(),
                    width: TextLayout.width
                )
                server.print(shown.map(\.json), lines)
                if found.count == limit, !server.json {
                    StandardStreams.writeError("there may be more: --limit shows at most \(limit)")
                }
            }
        }
    }

    /// Says that somebody looks after an incident.
    struct Acknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ack",
            abstract: "Acknowledge incidents: nobody is told of them again while they fire."
        )

        @OptionGroup var incidents: IncidentOptions

        func run() async throws { try incidents.change(.acknowledge, "acknowledged") }
    }

    /// Takes an acknowledgement back.
    struct Unacknowledge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "unack",
            abstract: "Take acknowledgements back."
        )

        @OptionGroup var incidents: IncidentOptions

        func run() async throws { try incidents.change(.unacknowledge, "not acknowledged any more") }
    }

    /// Says that an incident is over.
    struct Resolve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that incidents are over, where nothing else will."
        )

        @OptionGroup var incidents: IncidentOptions

        func run() async throws { try incidents.change(.resolve, "resolved") }
    }

    /// Sends a test over a channel.
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a test over a channel, enabled or not; exit code 1 if it was not delivered."
        )

        @Argument(help: "The name of the channel, or its id.")
        var channel: String

        @OptionGroup var server: AlertsServerOptions

        func run() async throws {
            try server.with { alerts in
                let found = try ChannelChoice.find(channel, try alerts.channels())
                let outcome = try alerts.test(found.id)
                if server.json {
                    StandardStreams.write(String(decoding: outcome.json, as: UTF8.self))
                } else {
                    StandardStreams.write(TerminalText.value(outcome.line(found.name)))
                }
                if !outcome.isDelivered { throw ExitCode(CommandFailure.Code.runtime.rawValue) }
            }
        }
    }
}

/// The incidents that a command is about.
struct IncidentOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Ids, as the list shows them.", valueName: "id"))
    var ids: [String]

    @Option(help: ArgumentHelp("Who does it; else $USER.", valueName: "name"))
    var by: String?

    @OptionGroup var server: AlertsServerOptions

    func validate() throws {
        guard !ids.isEmpty else { throw ValidationError("Name an incident by its id: weir alerts list.") }
    }

    func change(_ verb: IncidentVerb, _ word: String) throws {
        try server.with { alerts in
            let firing = try alerts.incidents(isFiring: true, limit: 10_000)
            var changed: [ShownIncident] = []
            // All of them are found before any is changed.
            let meant = try ids.map {
                try ShortID.find($0, among: firing, called: "firing incident", id: \.id)
            }
            for incident in meant {
                changed.append(try alerts.change(incident: incident.id, verb, by: by ?? Person.name))
            }
            server.print(changed.map(\.json), changed.map { "\($0.title), \($0.subject): \(word)" })
        }
    }
}

/// The words for how bad something is.
enum Severities {
    static let all = ["info", "warning", "error", "critical"]
}

/// Who types.
enum Person {
    static var name: String? {
        let variables = ProcessEnvironment.variables
        return [variables["USER"], variables["LOGNAME"]].lazy.compactMap(\.self).first { !$0.isEmpty }
    }
}

/// A channel by its name or its id.
enum ChannelChoice {
    static func find(_ text: String, _ channels: [ShownChannel]) throws(AlertsFailure) -> ShownChannel {
        try ShortID.find(named: text, among: channels, called: "channel", name: \.name, id: \.id)
    }
}
