import ArgumentParser
import Configuration
import Operations
import WeirApp

/// `weir audit`: summarises the database.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract:
            "Summarise the database: rows, runs by agent, status and day, space, indexes, pending records.",
        discussion: """
            Reads everything in one snapshot and changes nothing. Exit code 1 if a question took longer than \
            --timeout.

            Questions: \(Audit.names.joined(separator: ", ")).
            """
    )

    @Option(help: ArgumentHelp("Answer only this question; repeat it for more.", valueName: "name"))
    var only: [String] = []

    @Flag(help: "Count large tables, too, instead of estimating their rows.")
    var exact = false

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: ArgumentHelp("How long each question may take.", valueName: "duration"))
    var timeout = "60s"

    @OptionGroup var settings: SettingOptions

    func validate() throws {
        for name in only where !Audit.names.contains(name) {
            throw ValidationError("--only takes one of \(Audit.names.joined(separator: ", ")).")
        }
        guard let limit = DurationText(timeout), limit.duration > .zero else {
            throw ValidationError("--timeout takes a duration such as 60s.")
        }
    }

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve()
            let limit = DurationText(timeout)?.duration ?? .seconds(60)
            let options = Audit.Options(only: only, isExact: exact, timeout: limit)
            let report = try await DatabaseSession.with(resolved.settings) { database in
                try await Audit(database, options).run()
            }
            for line in json ? [report.json] : report.lines { StandardStreams.write(line) }
            if !report.isComplete { throw ExitCode(1) }
        }
    }
}
