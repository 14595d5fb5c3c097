import ArgumentParser
import Core
import WeirApp

/// `weir restore`: a copy in the place of the database.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a copy that `weir backup` made in the place of the database; stop Weir first.",
        discussion: """
            Verifies the copy, says what it would do and asks. Then it makes a safety copy, restores into a new \
            database, counts its rows, and exchanges the names of the two. --rollback exchanges them once more; \
            --discard drops what was set aside. When Weir starts, it loads from the journal what came after the copy.

            Exit codes: 0 done, 1 failed and nothing changed, 2 not confirmed.
            """
    )

    @Argument(help: "The directory of a copy.")
    var path: String?

    @Flag(help: "Take the last restore back.")
    var rollback = false

    @Flag(help: "Drop the databases that restores have set aside.")
    var discard = false

    @Flag(help: "Don't ask.")
    var yes = false

    @Flag(help: "Leave out the grants of the copy; their roles must exist otherwise.")
    var noPrivileges = false

    @OptionGroup var settings: SettingOptions

    func validate() throws {
        guard [path != nil, rollback, discard].count(where: { $0 }) == 1 else {
            throw ValidationError("Name the directory of a copy, or say --rollback, or --discard.")
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
        StandardStreams.write("restored; what was there before is the database '\(aside)'")
        StandardStreams.write("start Weir now: it loads from the journal what came after the copy")
        StandardStreams.write(
            "to take it back: weir restore --rollback; to free its space: weir restore --discard"
        )
    }

    private func rollBack(_ restorer: Restorer) async throws {
        guard let previous = try await restorer.previous() else {
            throw CommandFailure("there is nothing to go back to: no restore has set a database aside")
        }
        StandardStreams.write("the database '\(previous)' takes the place of the present one, which is kept")
        try Confirmation.require(yes, "Roll back?")
        let aside = try await restorer.rollBack(to: previous)
        StandardStreams.write("rolled back; what was restored is the database '\(aside)'")
    }

    private func drop(_ restorer: Restorer) async throws {
        let names = try await restorer.leftovers()
        guard !names.isEmpty else { return StandardStreams.write("nothing was set aside") }
        for name in names { StandardStreams.write("drops '\(name)'") }
        try Confirmation.require(yes, "Drop for good?")
        try await restorer.discard(names)
        StandardStreams.write("dropped")
    }
}
