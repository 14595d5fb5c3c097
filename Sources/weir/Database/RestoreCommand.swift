import ArgumentParser
import Core
import Operations
import WeirApp

/// `weir restore`: replaces the database by a backup.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Replace the database by a backup that `weir backup` made; stop Weir first.",
        discussion: """
            Verifies the backup, prints the plan and asks. Then it backs up the present database, restores \
            into a new one, compares row counts, and exchanges the names of the two. --rollback exchanges \
            them once more; --discard drops the databases that were set aside. When Weir starts, it loads \
            all later events from the journal.

            Exit codes: 0 done, 1 failed and nothing changed, 2 not confirmed.
            """
    )

    @Argument(help: "The directory of a backup.")
    var path: String?

    @Flag(help: "Undo the last restore.")
    var rollback = false

    @Flag(help: "Drop the databases that restores have set aside.")
    var discard = false

    @Flag(help: "Do not ask for confirmation.")
    var yes = false

    @Flag(help: "Leave out the backup's grants; without this flag their roles must exist.")
    var noPrivileges = false

    @OptionGroup var settings: SettingOptions

    func validate() throws {
        guard [path != nil, rollback, discard].count(where: { $0 }) == 1 else {
            throw ValidationError("Name the directory of a backup, or pass --rollback or --discard.")
        }
    }

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve().settings
            if let path { try Restorer.find(path) }
            var options = Restorer.Options(
                safety: try BackupMaker.Plan(resolved),
                dataDirectory: resolved.dataDirectory
            )
            options.withGrants = !noPrivileges
            let ready = options
            try await Restorer.alone(resolved) {
                try await DatabaseSession.with(resolved, replacingLostCluster: true) { database in
                    let restorer = Restorer(database, ready) { StandardStreams.writeError("weir: \($0)") }
                    if rollback {
                        try await rollBack(restorer)
                    } else if discard {
                        try await drop(restorer)
                    } else {
                        try await restore(restorer)
                    }
                }
            }
        }
    }

    private func restore(_ restorer: Restorer) async throws {
        let plan = try await restorer.plan(path ?? "")
        for line in plan.lines { StandardStreams.write(line) }
        try Confirmation.require(yes, "Restore?")
        let aside = try await restorer.run(plan)
        StandardStreams.write("restored; the previous database is kept as '\(aside)'")
        StandardStreams.write("start Weir now: it loads all later events from the journal")
        StandardStreams.write(
            "to undo: weir restore --rollback; to free the space: weir restore --discard"
        )
    }

    private func rollBack(_ restorer: Restorer) async throws {
        guard let previous = try await restorer.previous() else {
            throw CommandFailure("there is nothing to go back to: no restore has set a database aside")
        }
        StandardStreams.write("the database '\(previous)' takes the place of the present one, which is kept")
        try Confirmation.require(yes, "Roll back?")
        let aside = try await restorer.rollBack(to: previous)
        StandardStreams.write("rolled back; the restored database is kept as '\(aside)'")
    }

    private func drop(_ restorer: Restorer) async throws {
        let names = try await restorer.leftovers()
        guard !names.isEmpty else { return StandardStreams.write("nothing was set aside") }
        for name in names { StandardStreams.write("drops '\(name)'") }
        try Confirmation.require(yes, "Drop permanently?")
        try await restorer.discard(names)
        StandardStreams.write("dropped")
    }
}
