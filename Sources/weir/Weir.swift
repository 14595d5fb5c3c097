import ArgumentParser
import Processes
import WeirApp

/// The command line of Weir: every command describes itself and calls `WeirApp`.
@main
struct Weir: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir",
        abstract: "Receives the telemetry of computational workflows and keeps it in PostgreSQL.",
        discussion: """
            `weir serve` is the server: it listens on http://127.0.0.1:8000 and runs a private PostgreSQL \
            cluster in ./data, unless DATABASE_URL names another one.

            All settings are environment variables; `weir config` lists them with their values.
            """,
        version: "weir \(BuildInfo.version)",
        subcommands: [
            ServeCommand.self, MigrateCommand.self, ReplayCommand.self, DeadLettersCommand.self,
            TokenCommand.self, RetainCommand.self, BackupCommand.self, RestoreCommand.self, AuditCommand.self,
            RunsCommand.self, AlertsCommand.self, TrackCommand.self, AgentCommand.self, HealthCommand.self,
            DoctorCommand.self,
            ConfigCommand.self,
            ImportCommand.self, SimulateCommand.self, TrackForwardCommand.self,
        ]
    )

    /// How signals were set when this process started.
    static let signals = InheritedSignals.now()

    /// The entry point; makes sure that the standard streams are open before it opens anything.
    static func main() async {
        _ = signals
        StandardStreams.ensureOpen()
        ProcessMemory.keepSmall()
        if let advice = CommandAdvice.lines(for: Array(CommandLine.arguments.dropFirst())) {
            for line in advice { StandardStreams.writeError(line) }
            exit(withError: ExitCode(ExitCode.validationFailure.rawValue))
        }
        await main(nil)
    }
}
