import ArgumentParser
import Operations
import WeirApp

/// `weir replay`: rebuilds rows from the journal.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Rebuild an empty database from the journal.",
        discussion: """
            Merges the journals of one or more data directories by time and loads them; afterwards `weir serve` goes \
            on from there. The database must hold no telemetry. Stop the servers that write those journals first.

            Example: weir replay --journal ./data --database-url postgresql://weir@localhost/weir_new
            """
    )

    @Option(
        name: .customLong("journal"),
        parsing: .upToNextOption,
        help: ArgumentHelp("Data directories whose journals to load.", valueName: "dir")
    )
    var journals: [String] = []

    @Flag(name: .shortAndLong, help: "Show no progress.")
    var quiet = false

    @OptionGroup var settings: SettingOptions

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve()
            let directories = journals.isEmpty ? [resolved.settings.dataDirectory] : journals
            let bar = ProgressBar(isShown: !quiet)
            let summary = try await DatabaseSession.with(resolved.settings, replacingLostCluster: true) {
                database in
                try await JournalReplay(directories, database).run { done, total in
                    bar.show(done, of: total)
                }
            }
            bar.finish()
            for line in summary { StandardStreams.write(line) }
        }
    }
}
