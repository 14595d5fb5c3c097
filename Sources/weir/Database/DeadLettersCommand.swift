import ArgumentParser
import Operations
import WeirApp

/// `weir dead-letters`: records that PostgreSQL refused.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "List, retry and drop dead letters: records that PostgreSQL refused.",
        subcommands: [List.self, Retry.self, Drop.self],
        defaultSubcommand: List.self
    )

    /// Lists pending dead letters.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List pending dead letters: number, stream, kind, time, reason."
        )

        @Option(help: "Only those of this stream.")
        var stream: String?

        @Option(help: ArgumentHelp("At most this many.", valueName: "n"))
        var limit = 100

        @Flag(help: "Print whole bodies too; they may contain secrets.")
        var bodies = false

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let lines = try await DatabaseSession.with(resolved.settings) { database in
                    let desk = DeadLetterDesk(database)
                    guard json else {
                        return try await desk.list(stream: stream, limit: limit, withBodies: bodies)
                    }
                    return [try await desk.listJSON(stream: stream, limit: limit, withBodies: bodies)]
                }
                for line in lines { StandardStreams.write(line) }
            }
        }
    }

    /// Retries dead letters.
    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Load dead letters again, after their cause is removed; each can be retried once."
        )

        @OptionGroup var choice: DeadLetterChoice
        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let outcome = try await DatabaseSession.with(resolved.settings) { database in
                    try await DeadLetterDesk(database).retry(choice.selection)
                }
                for line in choice.json ? [outcome.json] : outcome.lines { StandardStreams.write(line) }
                if !outcome.isComplete { throw ExitCode(1) }
            }
        }
    }

    /// Drops dead letters.
    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drop dead letters; their lines stay in the journal as long as it is kept."
        )

        @OptionGroup var choice: DeadLetterChoice
        @OptionGroup var settings: SettingOptions

        func run() async throws {
            try await reportingFailures {
                let resolved = try settings.resolve()
                let outcome = try await DatabaseSession.with(resolved.settings) { database in
                    try await DeadLetterDesk(database).drop(choice.selection)
                }
                for line in choice.json ? [outcome.json] : outcome.lines { StandardStreams.write(line) }
                if !outcome.isComplete { throw ExitCode(1) }
            }
        }
    }
}

/// The dead letters to retry or drop.
struct DeadLetterChoice: ParsableArguments {
    @Argument(help: "The numbers that the list shows.")
    var numbers: [Int64] = []

    @Flag(help: "All pending ones.")
    var all = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard all != !numbers.isEmpty else { throw ValidationError("Name numbers, or pass --all.") }
    }

    /// Nil means all.
    var selection: [Int64]? { all ? nil : numbers }
}
