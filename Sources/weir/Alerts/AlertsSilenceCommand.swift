import AlertsClient
import ArgumentParser
import Configuration
import Core
import WeirApp

/// `weir alerts silence`: holds messages back for a time.
struct AlertsSilenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Add, list and end silences: nobody is told of what they match.",
        subcommands: [Add.self, List.self, Expire.self],
        defaultSubcommand: List.self
    )

    /// Adds a silence.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a silence and print its id. All matchers have to match.",
            discussion: """
                Matchers as amtool takes them: label=value, label!=value, label=~regex, label!~regex. The \
                label alertname is the name of the rule; others are project, pipeline, process, agent, \
                component, event and severity.

                Example: weir alerts silence add alertname='run failed' 'process=~"ALIGN.*"' --for 2h
                """
        )

        @Argument(help: ArgumentHelp("What to match.", valueName: "matcher"))
        var matchers: [String]

        @Option(help: ArgumentHelp("How long, such as 2h.", valueName: "duration"))
        var `for`: String?

        @Option(help: ArgumentHelp("Until when, such as 2026-12-24T18:00:00Z.", valueName: "time"))
        var until: String?

        @Option(help: ArgumentHelp("From when; else from now.", valueName: "time"))
        var from: String?

        @Option(help: ArgumentHelp("Who does it; else $USER.", valueName: "name"))
        var by: String?

        @Option(help: ArgumentHelp("Why.", valueName: "text"))
        var comment = ""

        @OptionGroup var server: AlertsServerOptions

        func validate() throws {
            guard (`for` == nil) != (until == nil) else { throw ValidationError("Pass --for or --until.") }
            guard `for`.map({ DurationText($0).map { $0.duration > .zero } ?? false }) ?? true else {
                throw ValidationError("--for takes a duration such as 2h.")
            }
            guard until.map({ Timestamp(lenient: $0) != nil }) ?? true else {
                throw ValidationError("--until takes a time such as 2026-12-24T18:00:00Z.")
            }
            guard from.map({ Timestamp(lenient: $0) != nil }) ?? true else {
                throw ValidationError("--from takes a time such as 2026-12-24T18:00:00Z.")
            }
        }

        func run() async throws {
            try server.with { alerts in
                let start = from.flatMap { Timestamp(lenient: $0) } ?? .now()
                let length = `for`.flatMap { DurationText($0)?.duration } ?? .zero
                let silence = NewSilence(
                    try MatcherReader.read(matchers),
                    from: start,
                    until: until.flatMap { Timestamp(lenient: $0) } ?? start + length,
                    by: by ?? Person.name ?? "weir",
                    comment: comment
                )
                let id = try alerts.add(silence)
                StandardStreams.write(server.json ? #"{"silenceID":"\#(id)"}"# : id)
            }
        }
    }

    /// Lists silences.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List silences, those that end first first."
        )

        @Flag(help: "Also those that are over.")
        var all = false

        @OptionGroup var server: AlertsServerOptions

        func run() async throws {
            try server.with { alerts in
                let shown = try alerts.silences().filter { all || $0.state != "expired" }.sorted {
                    ($0.endsAt ?? .latest) < ($1.endsAt ?? .latest)
                }
                let lines = AlertTables.lines(shown, at: .now(), width: TextLayout.width)
                server.print(shown.map(\.json), lines)
            }
        }
    }

    /// Ends silences.
    struct Expire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End silences before their time.")

        @Argument(help: ArgumentHelp("Ids, as the list shows them.", valueName: "id"))
        var ids: [String]

        @OptionGroup var server: AlertsServerOptions

        func run() async throws {
            try server.with { alerts in
                let open = try alerts.silences().filter { $0.state != "expired" }
                let meant = try ids.map { try ShortID.find($0, among: open, called: "silence", id: \.id) }
                for silence in meant { try alerts.expire(silence: silence.id) }
                server.print(meant.map(\.json), meant.map { "ended \($0.id)" })
            }
        }
    }
}
