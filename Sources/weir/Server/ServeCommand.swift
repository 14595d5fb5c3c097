import ArgumentParser
import Logging
import WeirApp

/// `weir serve`: the server itself.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server: take telemetry and answer queries.",
        discussion: """
            Stops on Ctrl-C, SIGTERM, SIGQUIT or SIGHUP: requests in progress are answered, the journal is closed, a private cluster \
            is shut down. A second signal stops at once.
            """
    )

    @OptionGroup var settings: SettingOptions

    @Flag(name: .shortAndLong, help: "Don't print the address and the example commands when ready.")
    var quiet = false

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.settle()
            let logger = Logger.weir(resolved.settings)
            for warning in resolved.warnings { logger.warning("\(warning)") }
            let signals = StopSignals { logger.warning("second signal, stopping at once") }
            let server = WeirServer(
                resolved.settings,
                logger: logger,
                faultPoint: try FaultPoint.read(ProcessEnvironment.variables)
            )
            try await server.run(until: signals) { banner in
                if !quiet { StandardStreams.write(banner.text) }
            }
        }
    }
}
