import ArgumentParser
import Configuration
import Core
import Operations
import WeirApp

/// `weir runs`: maintains tracked runs as a client.
struct RunsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "Maintain tracked runs over HTTP, on any server with the runs API.",
        subcommands: [CleanupStale.self]
    )

    /// Ends abandoned runs.
    struct CleanupStale: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "cleanup-stale",
            abstract: "End an agent's runs that are still running long after they were created.",
            discussion: """
                For agents that call it when they start. With WEIR_RUNS_STALE_AFTER the server does it for \
                all agents. Exit code 1 if a run could not be ended.

                Example: weir runs cleanup-stale --agent nightly-import --stale-after 2h
                """
        )

        @Option(help: "The agent_name of the runs.")
        var agent: String

        @Option(help: ArgumentHelp("After how long a run counts as abandoned.", valueName: "age"))
        var staleAfter = "1h"

        @Option(help: "The status to set: cancelled, failure, timeout or partial.")
        var status = "cancelled"

        @Option(help: "The server. Also WEIR_URL.")
        var url: String?

        @Option(help: "A token of the server. Also WEIR_TOKEN, which other users can not see.")
        var token: String?

        @Option(help: ArgumentHelp("Seconds to wait for a response.", valueName: "seconds"))
        var timeout = 30

        @Flag(help: "Only list the runs that would be ended.")
        var dryRun = false

        @Flag(name: .shortAndLong, help: "Print errors only.")
        var quiet = false

        func validate() throws {
            guard let age = DurationText(staleAfter), age.duration > .zero else {
                throw ValidationError("--stale-after takes a duration such as 1h.")
            }
            guard StaleRunWord.all.contains(status) else {
                throw ValidationError("--status takes one of \(StaleRunWord.all.joined(separator: ", ")).")
            }
            guard (1...600).contains(timeout) else {
                throw ValidationError("--timeout takes 1 to 600 seconds.")
            }
            guard server(token: nil) != nil else {
                throw ValidationError("--url takes http[s]://host[:port][/path], like http://127.0.0.1:8765.")
            }
            guard server(token: secret) != nil else {
                throw ValidationError("--token takes a token as `weir token create` prints it.")
            }
        }

        private var secret: String? { token ?? ServerVariables.token }

        private func server(token: String?) -> RemoteServer? {
            let url = url ?? ServerVariables.url ?? "http://127.0.0.1:8765"
            return RemoteServer(url: url, token: token, timeout: .seconds(timeout))
        }

        func run() async throws {
            try await reportingFailures {
                guard let server = server(token: secret), let age = DurationText(staleAfter) else { return }
                let request = StaleRunsClient.Request(
                    server,
                    agent: agent,
                    staleAfter: age.duration,
                    status: status
                )
                let bar = ProgressBar(isShown: !quiet, unit: "runs")
                let outcome = try StaleRunsClient(request).run(at: .now(), isRehearsal: dryRun) {
                    done,
                    total in
                    bar.show(Int64(done), of: Int64(total))
                }
                bar.finish()
                try report(outcome)
            }
        }

        private func report(_ outcome: StaleRunsClient.Outcome) throws {
            if dryRun, !quiet {
                for id in outcome.eventIDs { StandardStreams.write("would end \(TerminalText.value(id))") }
            }
            for error in outcome.errors { StandardStreams.writeError("weir: \(TerminalText.value(error))") }
            var line = "found \(outcome.found), cleaned \(outcome.cleaned), failed \(outcome.errors.count)"
            if outcome.endedMeanwhile > 0 { line += ", \(outcome.endedMeanwhile) had ended meanwhile" }
            if !quiet { StandardStreams.write(line) }
            if !outcome.errors.isEmpty { throw ExitCode(1) }
        }
    }
}
