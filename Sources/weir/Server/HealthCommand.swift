import ArgumentParser
import WeirApp

/// `weir health`: for container health checks, which have no curl.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Ask the running server for GET /health; exit code 0 when it answers well, 1 when not."
    )

    @OptionGroup var settings: SettingOptions

    @Flag(help: "Ask for /ready instead: whether PostgreSQL, schema, loader and disk are well too.")
    var ready = false

    @Flag(help: "Print the server's own answer, which is JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say nothing; the exit code tells.")
    var quiet = false

    @Option(help: ArgumentHelp("Seconds to wait for an answer.", valueName: "seconds"))
    var timeout: Int = 5

    func validate() throws {
        guard (1...600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 600 seconds.") }
    }

    func run() async throws {
        try await reportingFailures {
            let resolved = try settings.resolve()
            let probe = HealthProbe(listeners: resolved.settings.listen, timeoutSeconds: timeout)
            let answer = try probe.ask(ready ? "/ready" : "/health")
            if json {
                StandardStreams.write(answer.body)
            } else if !quiet {
                for line in answer.lines { StandardStreams.write(line) }
            }
            guard answer.status == 200 else { throw CommandFailure("the server answered \(answer.status)") }
        }
    }
}
