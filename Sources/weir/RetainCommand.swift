import ArgumentParser
import Core
import WeirApp

/// `weir retain`: deletes what is too old, now.
struct RetainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retain",
        abstract:
            "Delete now what is older than it is kept: tracked runs, raw events, spent signals, decided letters.",
        discussion: """
            Without options it keeps what WEIR_RUNS_KEEP and WEIR_RAW_KEEP say. Runs go whatever their status, in \
            batches, so that a server may go on working meanwhile. Exit code 0 also when there was nothing to do.

            Example: weir retain --runs-older-than 30d --dry-run
            """
    )

    @Option(help: ArgumentHelp("Delete runs that were created longer ago, such as 30d.", valueName: "age"))
    var runsOlderThan: String?

    @Option(help: ArgumentHelp("Delete whole days of raw events that came longer ago.", valueName: "age"))
    var rawOlderThan: String?

    @Option(help: ArgumentHelp("Rows that one statement deletes.", valueName: "n"))
    var batchSize = 5000

    @Flag(help: "Only say what would be deleted.")
    var dryRun = false

    @Flag(help: "Don't ask.")
    var yes = false

    @OptionGroup var settings: SettingOptions

    func validate() throws {
        for (option, text) in [("--runs-older-than", runsOlderThan), ("--raw-older-than", rawOlderThan)] {
            guard let text else { continue }
            guard let age = DurationText(text), age.duration >= .seconds(86_400) else {
                throw ValidationError("\(option) takes a day or more, such as 30d.")
            }
        }
        guard (1...1_000_000).contains(batchSize) else {
            throw ValidationError("--batch-size takes 1 to 1000000.")
        }
    }

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve()
            let runsKeep = runsOlderThan.flatMap { DurationText($0)?.duration } ?? resolved.settings.runsKeep
            let rawKeep = rawOlderThan.flatMap { DurationText($0)?.duration } ?? resolved.settings.rawKeep
            try await DatabaseSession.with(resolved.settings) { database in
                try await retain(
                    RetentionDesk(database, runsKeep: runsKeep, rawKeep: rawKeep, batchSize: batchSize)
                )
            }
        }
    }

    private func retain(_ desk: RetentionDesk) async throws {
        let parts = try await desk.survey(at: .now())
        for part in parts { StandardStreams.write(part.line) }
        let expired = parts.filter { $0.expired > 0 }
        guard !expired.isEmpty else { return StandardStreams.write("nothing to delete") }
        guard !dryRun else { return StandardStreams.write("a dry run: nothing was deleted") }
        guard Confirmation.isGiven(yes, "Delete what is listed as older?") else {
            throw CommandFailure("nothing was deleted: it was not confirmed; say yes, or use --yes")
        }
        for part in expired {
            let bar = ProgressBar(isShown: StandardStreams.isErrorTerminal, unit: "rows")
            let report = try await desk.sweep(part) { done in
                bar.show(Int64(done), of: Int64(part.expired))
            }
            bar.finish()
            StandardStreams.write(report.line)
        }
    }
}

/// A question whose answer must be `yes`.
enum Confirmation {
    /// Whether it was answered beforehand, or is now; end of input is no.
    static func isGiven(_ beforehand: Bool, _ question: String) -> Bool {
        if beforehand { return true }
        StandardStreams.writeError("\(question) Type yes to go on:")
        return readLine()?.lowercased() == "yes"
    }
}
