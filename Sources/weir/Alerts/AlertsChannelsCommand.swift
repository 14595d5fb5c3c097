import AlertsClient
import ArgumentParser
import Core
import Notifications
import WeirApp

/// `weir alerts channels`: where messages go.
struct AlertsChannelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channels",
        abstract: "List, test, add, enable, disable and delete channels.",
        subcommands: [
            List.self, AlertsCommand.Test.self, Add.self, Enable.self, Disable.self, Delete.self,
        ],
        defaultSubcommand: List.self
    )

    /// Lists channels.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List all channels by name, without secrets."
        )

        @OptionGroup var server: AlertsServerOptions

        func run() async throws {
            try server.with { alerts in
                let channels = try alerts.channels()
                server.print(channels.map(\.json), AlertTables.lines(channels, width: TextLayout.width))
            }
        }
    }

    /// Adds a channel.
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a channel and print its id.",
            discussion: """
                Kinds: \(ChannelKind.allCases.map(\.rawValue).joined(separator: ", ")). Other users of this \
                machine can see command lines: pass secrets as '${NAME}', which stands for a variable of \
                the environment. A value that begins with [ or { is JSON; headers.X-Team=radio sets a header.

                Example: weir alerts channels add --kind slack --name phone --set 'url=${SLACK_URL}'
                """
        )

        @Option(help: "Its kind.")
        var kind: ChannelKind

        @Option(help: "Its name.")
        var name: String

        @Option(help: ArgumentHelp("A part of its configuration. Repeat it.", valueName: "key=value"))
        var set: [String] = []

        @Flag(help: "Add it, but send nothing over it yet.")
        var disabled = false

        @OptionGroup var server: AlertsServerOptions

        func run() async throws {
            try server.with { alerts in
                let config = try SetOptions.config(set, kind, variables: ProcessEnvironment.variables)
                let id = try alerts.add(
                    .channel,
                    [
                        "name": .text(name), "kind": .text(kind.rawValue), "config": config,
                        "enabled": .flag(!disabled),
                    ]
                )
                StandardStreams.write(server.json ? #"{"uuid":"\#(id)"}"# : id)
            }
        }
    }

    /// Enables a channel.
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Enable a channel.")

        @OptionGroup var channel: ChannelOptions

        func run() async throws {
            try channel.with { alerts, channel in
                try alerts.change(.channel, channel.id, ["enabled": true])
                StandardStreams.write("\(channel.name) is enabled")
            }
        }
    }

    /// Disables a channel.
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disable a channel: what waits for it fails, and nothing new is sent."
        )

        @OptionGroup var channel: ChannelOptions

        func run() async throws {
            try channel.with { alerts, channel in
                try alerts.change(.channel, channel.id, ["enabled": false])
                StandardStreams.write("\(channel.name) is disabled")
            }
        }
    }

    /// Deletes a channel.
    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a channel: what waits for it fails, its deliveries stay."
        )

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var channel: ChannelOptions

        func run() async throws {
            try await reportingFailures {
                try channel.with { alerts, channel in
                    try Confirmation.require(
                        yes,
                        "This deletes the channel \(TerminalText.value(channel.name))."
                    )
                    try alerts.delete(.channel, channel.id)
                    StandardStreams.write("\(channel.name) is deleted")
                }
            }
        }
    }
}

/// The channel that a command is about.
struct ChannelOptions: ParsableArguments {
    @Argument(help: "The name of the channel, or its id.")
    var channel: String

    @OptionGroup var server: AlertsServerOptions

    func with(_ body: (AlertsServer, ShownChannel) throws -> Void) throws {
        try server.with { alerts in
            try body(alerts, try ChannelChoice.find(channel, try alerts.channels()))
        }
    }
}

extension ChannelKind: ExpressibleByArgument {}
