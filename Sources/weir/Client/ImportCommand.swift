import ArgumentParser
import Dispatch
import Glibc
import Import
import Operations
import WeirApp

/// `weir import`: sends recorded runs to a running Weir.
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import recorded runs into Weir: SQLite and NDJSON files, Nextflow's trace files.",
        discussion: """
            Reads the database of the original run-tracking service (both layouts), its client's event files \
            and buffers, and Nextflow's trace files, plain or gzip. It recognises a file by its content, and \
            changes none. Importing the same file again creates no duplicates, so repeat an import that was \
            interrupted.

            Exit code 0 if everything was read and taken; 1 if a row, a line or a cell could not be read, \
            the server refused a record or went away; 2 if a file could not be read.

            Example: weir import ./telemetry.sqlite ./telemetry_buffer results/pipeline_info/trace.txt
            """
    )

    @Argument(
        help: ArgumentHelp("Files, or directories whose recognised files are imported.", valueName: "path")
    )
    var paths: [String]

    @Option(
        help:
            "Where Weir listens; else WEIR_URL, or http://127.0.0.1:8000. A prefix such as /ingest/<token> may follow."
    )
    var url: String?

    @Option(help: "A token with the scope ingest. Also WEIR_TOKEN, which other users can not see.")
    var token: String?

    @Option(help: "Read every file as sqlite, ndjson or trace instead of recognising it.")
    var format: ImportFormat?

    @Option(help: ArgumentHelp("Runs in one request.", valueName: "n"))
    var batchSize = 500

    @Flag(help: "Read and count, but send nothing.")
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

    @Option(
        help: ArgumentHelp(
            "The separator of a trace file: tab, comma, semicolon, pipe or a character; else from its header.",
            valueName: "name"
        )
    )
    var separator: String?

    @Flag(help: "Print the summary as one JSON object.")
    var json = false

    @Flag(help: "Print problems only; no progress bar.")
    var quiet = false

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Name a file or a directory.") }
        guard (1...10_000).contains(batchSize) else {
            throw ValidationError("--batch-size takes 1 to 10000.")
        }
        guard server(token: nil) != nil else {
            throw ValidationError(
                "--url and WEIR_URL take http[s]://host[:port][/prefix], like http://127.0.0.1:8000."
            )
        }
        guard server(token: secret) != nil else {
            throw ValidationError("--token takes a token as `weir token create` prints it.")
        }
        guard ZoneOffset(timezoneOffset) != nil else {
            throw ValidationError("--timezone-offset takes hours and minutes, like +01:00.")
        }
        guard separator.map({ TraceSeparator.byte($0) != nil }) ?? true else {
            throw ValidationError(
                "--separator takes tab, comma, semicolon, pipe, or one character that no value contains."
            )
        }
    }

    func run() async throws {
        let (server, options) = (server(token: secret), options)
        let bar = ProgressBar(isShown: !quiet && StandardStreams.isErrorTerminal, unit: "bytes")
        let queue = DispatchQueue(label: "weir.import")
        let summary = await withCheckedContinuation { continuation in
            queue.async {
                let importer = Importer(
                    options,
                    transport: server.map(RemoteImportTransport.init),
                    progress: { bar.show($0, of: $1) },
                    wait: { sleep(UInt32($0)) }
                )
                continuation.resume(returning: importer.run())
            }
        }
        bar.finish()
        report(summary)
        if summary.exitCode != 0 { throw ExitCode(summary.exitCode) }
    }

    private func report(_ summary: ImportSummary) {
        if json {
            StandardStreams.write(String(decoding: summary.json, as: UTF8.self))
        } else if !quiet {
            for line in summary.lines { StandardStreams.write(line) }
        } else {
            for line in summary.troubleLines { StandardStreams.writeError(line) }
        }
        if let failure = summary.failure { StandardStreams.writeError("weir: \(failure.description)") }
    }

    private func server(token: String?) -> RemoteServer? {
        RemoteServer(
            url: url ?? ServerVariables.url ?? "http://127.0.0.1:8000",
            token: token,
            timeout: .seconds(120)
        )
    }

    private var secret: String? { token ?? ServerVariables.token }

    private var options: ImportOptions {
        var options = ImportOptions(paths: paths)
        options.format = format
        options.batchSize = batchSize
        options.isDryRun = dryRun
        options.agentName = agentName
        options.jobType = jobType
        options.runName = runName
        options.runID = runID
        options.separator = separator.flatMap(TraceSeparator.byte)
        options.traceOffsetSeconds = ZoneOffset(timezoneOffset)?.seconds ?? 0
        return options
    }
}

extension ImportFormat: ExpressibleByArgument {}
