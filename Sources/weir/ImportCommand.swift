import ArgumentParser
import Dispatch
import Glibc
import Import
import WeirApp

/// `weir import`: what people have, into a running Weir.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring recorded runs into a running Weir: SQLite and NDJSON files, Nextflow's trace files.",
        discussion: """
            Takes the database of the original run-tracking service (both layouts), its client's event files and \
            buffers, and Nextflow's trace files, plain or gzip; a file's content tells which it is. Nothing is changed \
            in them. What is there already is not counted twice, so an import that was cut short is repeated as it is.

            Exit code 0 when nothing was refused, 1 when something was or the server went away, 2 when a file could \
            not be read.

            Example: weir import ./telemetry.sqlite ./telemetry_buffer results/pipeline_info/trace.txt
            """
    )

    @Argument(
        help: ArgumentHelp("Files, or directories whose recognised files are taken.", valueName: "path")
    )
    var paths: [String]

    @Option(help: "Where Weir listens; a prefix such as /ingest/<token> may follow.")
    var url = "http://127.0.0.1:8000"

    @Option(
        help: "A token with the scope ingest. Also TELEMETRY_API_AUTH_TOKEN, which other users can not see."
    )
    var token: String?

    @Option(help: "Take every file as sqlite, ndjson or trace instead of recognising it.")
    var format: ImportFormat?

    @Option(help: ArgumentHelp("Runs in one request.", valueName: "n"))
    var batchSize = 500

    @Flag(help: "Read and count, and send nothing.")
    var dryRun = false

    @Option(help: ArgumentHelp("The agent of runs that name none.", valueName: "name"))
    var agentName: String?

    @Option(help: ArgumentHelp("The job type of runs that name none.", valueName: "name"))
    var jobType = "unknown"

    @Option(help: ArgumentHelp("The run name of a trace file; else its file name.", valueName: "name"))
    var runName: String?

    @Option(help: ArgumentHelp("The run id of a trace file; else derived from its content.", valueName: "id"))
    var runID: String?

    @Option(help: ArgumentHelp("The time zone of a trace file, as +01:00.", valueName: "offset"))
    var timezoneOffset = "+00:00"

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Name a file or a directory.") }
        guard (1...10_000).contains(batchSize) else {
            throw ValidationError("--batch-size takes 1 to 10000.")
        }
        guard Self.server(url, token: nil) != nil else {
            throw ValidationError("--url takes http[s]://host[:port][/prefix], like http://127.0.0.1:8000.")
        }
        guard Self.server(url, token: secret) != nil else {
            throw ValidationError("--token takes a token as `weir token create` prints it.")
        }
        guard ZoneOffset(timezoneOffset) != nil else {
            throw ValidationError("--timezone-offset takes hours and minutes, like +01:00.")
        }
    }

    func run() async throws {
        let (server, options) = (Self.server(url, token: secret), options)
        let queue = DispatchQueue(label: "weir.import")
        let summary = await withCheckedContinuation { continuation in
            queue.async {
                let importer = Importer(
                    options,
                    transport: server.map(RemoteImportTransport.init),
                    announce: Self.bar,
                    wait: { sleep(UInt32($0)) }
                )
                continuation.resume(returning: importer.run())
            }
        }
        for line in summary.lines { StandardStreams.write(line) }
        if let failure = summary.failure { StandardStreams.writeError("weir: \(failure.description)") }
        if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
    }

    private static func server(_ url: String, token: String?) -> RemoteServer? {
        RemoteServer(url: url, token: token, timeout: .seconds(120))
    }

    private var secret: String? { token ?? ProcessEnvironment.variables["TELEMETRY_API_AUTH_TOKEN"] }

    private var options: ImportOptions {
        var options = ImportOptions(paths: paths)
        options.format = format
        options.batchSize = batchSize
        options.isDryRun = dryRun
        options.agentName = agentName
        options.jobType = jobType
        options.runName = runName
        options.runID = runID
        options.traceOffsetSeconds = ZoneOffset(timezoneOffset)?.seconds ?? 0
        return options
    }

    /// A bar for each file, on a terminal.
    private static func bar(_ path: String, _ unit: String) -> Importer.Progress {
        guard StandardStreams.isErrorTerminal else { return { _, _ in } }
        StandardStreams.writeError(path)
        let bar = ProgressBar(isShown: true, unit: unit)
        return { done, total in
            bar.show(done, of: total)
            if done >= total { bar.finish() }
        }
    }
}

extension ImportFormat: ExpressibleByArgument {}
