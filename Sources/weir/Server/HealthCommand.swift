import ArgumentParser
import Operations
import WeirApp

/// `weir health`: for container health checks, which have no curl.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Send GET /health to the running server; exit code 0 if the status is 200, else 1."
    )

    @OptionGroup var settings: SettingOptions

    @Flag(help: "Send GET /ready instead, which also checks PostgreSQL, schema, loader and disk.")
    var ready = false

    @Flag(help: "Print the server's response, which is JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing; only set the exit code.")
    var quiet = false

    @Option(help: ArgumentHelp("Seconds to wait for a response.", valueName: "seconds"))
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
