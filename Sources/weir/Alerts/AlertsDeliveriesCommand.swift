import AlertsClient
import ArgumentParser
import Configuration
import Core
import WeirApp

/// `weir alerts deliveries`: what was sent, and what became of it.
struct AlertsDeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "List, retry and purge deliveries.",
        subcommands: [List.self, Retry.self, Purge.self],
        defaultSubcommand: List.self
    )

    /// Lists deliveries.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List deliveries, the newest first.")

        @Flag(help: "Only those that have failed.")
        var failed = false

        @Option(help: "Only those of this channel, by its name or id.")
        var channel: String?

        @Option(help: ArgumentHelp("At most this many.", valueName: "n"))
        var limit = 50

        @OptionGroup var server: AlertsServerOptions

        func validate() throws {
            guard (1...10_000).contains(limit) else { throw ValidationError("--limit takes 1 to 10000.") }
        }

        func run() async throws {
            try server.with { alerts in
                let channels = try alerts.channels()
                let found = try alerts.deliveries(
                    statuses: failed ? ["failed"] : [],
                    channel: try channel.map { try ChannelChoice.find($0, channels).id },
                    limit: limit
                )
                let lines = AlertTables.lines(found, channels, at: .now(), width: TextLayout.width)
                server.print(found.map(\.json), lines)
            }
        }
    }

    /// Sends failed deliveries once more.
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send failed deliveries once more, the oldest first; exit code 1 if one can't be."
        )

        @Argument(help: ArgumentHelp("Ids, as the list shows them.", valueName: "id"))
        var ids: [String] = []

        @Flag(help: "All that have failed.")
        var failed = false

        @Option(help: "With --failed: only those of this channel, by its name or id.")
        var channel: String?

        @OptionGroup var server: AlertsServerOptions

        func validate() throws {
            guard failed != !ids.isEmpty else { throw ValidationError("Name ids, or pass --failed.") }
            guard channel == nil || failed else { throw ValidationError("--channel goes with --failed.") }
        }

        func run() async throws {
            try server.with { alerts in
                let found = try alerts.deliveries(
                    statuses: ["failed"],
                    channel: try channel.map { try ChannelChoice.find($0, try alerts.channels()).id },
                    limit: 100_000
                )
                let meant =
                    try failed
                    ? found.reversed()
                    : ids.map { try ShortID.find($0, among: found, called: "failed delivery", id: \.id) }
                var refused = 0
                for delivery in meant {
                    do throws(AlertsFailure) {
                        try alerts.retry(delivery: delivery.id)
                    } catch {
                        // Without an answer there is no use in going on.
                        guard error.status != nil else { throw error }
                        refused += 1
                        StandardStreams.writeError("weir: \(delivery.id): \(error.lines[0])")
                    }
                }
                let sent = meant.count - refused
                StandardStreams.write(
                    server.json
                        ? #"{"retried":\#(sent),"refused":\#(refused)}"# : "\(sent) wait to be sent again"
                )
                if refused > 0 { throw ExitCode(CommandFailure.Code.runtime.rawValue) }
            }
        }
    }

    /// Deletes old deliveries.
    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete deliveries that were sent or have failed, and were made before a time."
        )

        @Option(help: ArgumentHelp("A time, or an age such as 30d.", valueName: "time"))
        var before: String

        @Flag(help: "Don't ask.")
        var yes = false

        @OptionGroup var server: AlertsServerOptions

        func validate() throws {
            guard time != nil else {
                throw ValidationError(
                    "--before takes a time such as 2026-12-24T18:00:00Z, or an age such as 30d."
                )
            }
        }

        private var time: Timestamp? {
            DurationText(before).map { .now() - $0.duration } ?? Timestamp(lenient: before)
        }

        func run() async throws {
            try await reportingFailures {
                guard let time else { return }
                try Confirmation.require(yes, "This deletes the deliveries from before \(time).")
                try server.with { alerts in
                    let count = try alerts.purge(before: time)
                    StandardStreams.write(server.json ? #"{"deleted":\#(count)}"# : "\(count) are deleted")
                }
            }
        }
    }
}
