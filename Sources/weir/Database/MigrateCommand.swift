import ArgumentParser
import Operations
import WeirApp

/// `weir migrate`: the schema.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Migrate the database's schema, or show its state.",
        discussion: """
            `weir serve` does this by itself at start, under a lock, so that any number of servers may start at \
            once. Use this command with WEIR_SKIP_MIGRATIONS=true, when you want to choose the moment.
            """,
        subcommands: [Up.self, Status.self],
        defaultSubcommand: Up.self
    )

    /// Applies missing migrations.
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply every missing migration."
        )

        @Flag(help: "Print JSON.")
        var json = false

        @Flag(name: .shortAndLong, help: "Print errors only.")
        var quiet = false

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let report = try await DatabaseSession.with(resolved.settings) { database in
                    try await MigrationReport.apply(database)
                }
                if json {
                    StandardStreams.write(report.json)
                } else if !quiet {
                    for line in report.lines { StandardStreams.write(line) }
                }
            }
        }
    }

    /// Lists the applied migrations; exit code 1 if one is missing.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the migrations and whether they are applied; exit code 1 if one is missing."
        )

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let report = try await DatabaseSession.with(resolved.settings) { database in
                    try await MigrationReport.status(database)
                }
                for line in json ? [report.json] : report.lines { StandardStreams.write(line) }
                if !report.isComplete { throw ExitCode(1) }
            }
        }
    }
}
