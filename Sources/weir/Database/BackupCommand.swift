import ArgumentParser
import Configuration
import Core
import Operations
import WeirApp

/// `weir backup`: makes a verified backup of the database.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Make a verified backup of the database while Weir keeps working.",
        discussion: """
            Dumps one snapshot with pg_dump into a new directory, with backup_metadata.json beside it, and \
            reads it back. Then it removes backups that are too old, but never the last good one. It makes \
            up to three attempts. The backup records how far the journal was loaded: a restore plus the kept \
            journal loses nothing.

            Example: weir backup --to /var/backups/weir --keep 14d
            """
    )

    @Option(help: ArgumentHelp("The directory for backups. Also WEIR_BACKUP_DIR.", valueName: "dir"))
    var to: String?

    @Option(help: ArgumentHelp("How long backups are kept. Also WEIR_BACKUP_KEEP.", valueName: "age"))
    var keep: String?

    @Option(
        help: ArgumentHelp("How much of the disk must be free. Also WEIR_BACKUP_MIN_FREE.", valueName: "size")
    )
    var minFree: String?

    @Option(help: "archive reads the whole backup; full also restores it on trial and counts rows.")
    var verify: BackupMaker.Verification = .archive

    @Flag(help: "Print JSON: the backup's path and content, and the removed backups.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print errors only.")
    var quiet = false

    @OptionGroup var settings: SettingOptions

    func validate() throws {
        if let keep {
            guard let age = DurationText(keep), age.duration >= .seconds(3600) else {
                throw ValidationError("--keep takes an hour or more, such as 14d.")
            }
        }
        if let minFree, ByteSize(minFree) == nil {
            throw ValidationError("--min-free takes a size such as 5GiB.")
        }
    }

    func run() async throws {
        try await reportingFailures {
            var resolved = try settings.resolve().settings
            if let to { resolved.backupDirectory = to }
            if let keep = keep.flatMap({ DurationText($0)?.duration }) { resolved.backupKeep = keep }
            if let minFree = minFree.flatMap({ ByteSize($0)?.bytes }) { resolved.backupMinFree = minFree }
            var plan = try BackupMaker.Plan(resolved)
            plan.verification = verify
            let (ready, quiet) = (plan, quiet || json)
            let outcome = try await DatabaseSession.with(resolved) { database in
                try await BackupMaker(database, ready) { line in
                    if !quiet { StandardStreams.writeError("weir: \(line)") }
                }.run()
            }
            if json {
                StandardStreams.write(outcome.json)
            } else if !quiet {
                report(outcome)
            }
        }
    }

    private func report(_ outcome: BackupMaker.Outcome) {
        let size = ByteSize(Int(outcome.metadata.sizeBytes)).approximately
        let rows = outcome.metadata.rows.values.reduce(0, +)
        StandardStreams.write(outcome.path)
        StandardStreams.write("\(size), \(rows) rows, verified (\(outcome.metadata.verified))")
        for name in outcome.removed { StandardStreams.write("removed \(name), which was too old") }
    }
}

extension BackupMaker.Verification: ExpressibleByArgument {}
