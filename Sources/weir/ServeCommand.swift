import ArgumentParser
import WeirApp

/// `weir serve`: the server itself.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Listen, receive telemetry, answer. This is what weir does without a command.",
        discussion: """
            Stops on Ctrl-C or SIGTERM: requests in progress are answered, the journal is closed, a private cluster \
            is shut down. A second signal stops at once.
            """
    )

    @OptionGroup var settings: SettingOptions

    @Flag(name: .shortAndLong, help: "Don't print the address and the example commands when ready.")
    var quiet = false

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve()
            let signals = StopSignals()
            let server = WeirServer(
                resolved.settings,
                logger: .weir(resolved.settings),
                faultPoint: try FaultPoint.read(ProcessEnvironment.variables)
            )
            try await server.run(until: signals) { banner in
                if !quiet { StandardStreams.write(banner.text) }
            }
        }
    }
}
