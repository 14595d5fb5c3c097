import AlertsClient
import ArgumentParser
import Operations
import WeirApp

/// The running Weir that a command about alerts asks.
struct AlertsServerOptions: ParsableArguments {
    @Option(help: "Where Weir listens; else WEIR_URL, or http://127.0.0.1:8000.")
    var url: String?

    @Option(
        help: "A token: read for lists, admin for changes. Also WEIR_TOKEN, which other users can not see."
    )
    var token: String?

    @Option(help: ArgumentHelp("Seconds to wait for a response.", valueName: "seconds"))
    var timeout = 60

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 600 seconds.") }
        guard remote(nil) != nil else {
            throw ValidationError(
                "--url and WEIR_URL take http[s]://host[:port][/prefix], like http://127.0.0.1:8000."
            )
        }
        guard remote(secret) != nil else {
            throw ValidationError("--token takes a token as `weir token create` prints it.")
        }
    }

    private var secret: String? { token ?? ServerVariables.token }

    private func remote(_ token: String?) -> RemoteServer? {
        let url = url ?? ServerVariables.url ?? "http://127.0.0.1:8000"
        return RemoteServer(url: url, token: token, timeout: .seconds(timeout))
    }

    /// Runs a command against the server; what goes wrong is told in lines, and the exit code is 1.
    func with(_ body: (AlertsServer) throws -> Void) throws {
        guard let remote = remote(secret) else { return }
        do {
            try body(AlertsServer(RemoteAlertsTransport(remote)))
        } catch let failure as AlertsFailure {
            for (index, line) in failure.lines.enumerated() {
                StandardStreams.writeError(index == 0 ? "weir: \(line)" : line)
            }
            throw ExitCode(CommandFailure.Code.runtime.rawValue)
        }
    }

    /// Prints a list: for programs as the server wrote it, otherwise the lines.
    func print(_ items: [[UInt8]], _ lines: @autoclosure () -> [String]) {
        if json {
            StandardStreams.write(AlertLists.array(items))
        } else {
            for line in lines() { StandardStreams.write(line) }
        }
    }
}
