import ArgumentParser
import Configuration
import Core
import Nextflow
import Operations
import Runs
import WeirApp

/// `weir retain`: deletes old rows now.
struct RetainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retain",
        abstract:
            "Delete old rows now: tracked runs, raw events, taken outbox events, retried and dropped dead letters.",
        discussion: """
            Without options it applies WEIR_RUNS_KEEP and WEIR_RAW_KEEP. Runs are deleted whatever their \
            status, in batches, so that servers keep working meanwhile.

            Exit codes: 0 done, or nothing to do; 1 failed; 2 not confirmed.

            Example: weir retain --runs-older-than 30d --dry-run
            """
    )

    @Option(
        help: ArgumentHelp(
            "Delete runs that were created longer ago than this, such as 30d.",
            valueName: "age"
        )
    )
    var runsOlderThan: String?

    @Option(
        help: ArgumentHelp(
            "Delete whole days of raw events that arrived longer ago than this.",
            valueName: "age"
        )
    )
    var rawOlderThan: String?

    @Option(help: ArgumentHelp("Rows to delete in one batch.", valueName: "n"))
    var batchSize = 5000

    @Flag(help: "Only show what would be deleted.")
    var dryRun = false

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

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
            var settings = try settings.resolve().settings
            if let age = runsOlderThan.flatMap({ DurationText($0) }) {
                settings[RunsSettings.keep] = age.duration
            }
            if let age = rawOlderThan.flatMap({ DurationText($0) }) {
                settings[NextflowSettings.rawKeep] = age.duration
            }
            try await DatabaseSession.with(settings) { [settings] database in
                try await retain(RetentionDesk(database, settings.values, batchSize: batchSize))
            }
        }
    }

    private func retain(_ desk: RetentionDesk) async throws {
        let parts = try await desk.survey(at: .now())
        for part in parts { say(part.line) }
        let expired = parts.filter { $0.expired > 0 }
        guard !expired.isEmpty else { return say("nothing to delete") }
        guard !dryRun else { return say("a dry run: nothing was deleted") }
        try Confirmation.require(yes, "Delete the rows that are listed as older?")
        for part in expired {
            let bar = ProgressBar(isShown: !quiet, unit: "rows")
            let report = try await desk.sweep(part) { done in
                bar.show(Int64(done), of: Int64(part.expired))
            }
            bar.finish()
            say(report.line)
        }
    }

    private func say(_ line: String) {
        guard !quiet else { return }
        for line in TextLayout.wrapped(line, rest: "  ") { StandardStreams.write(line) }
    }
}
