import ArgumentParser
import Core
import Simulator
import WeirApp

/// `weir simulate`: simulates Nextflow runs.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Simulate Nextflow runs: for a first look, for tests, for load.",
        discussion: """
            Every run sends its events one at a time over one connection, in Nextflow's order, with tasks \
            that fail and are retried, and runs that fail and are resumed. Each call makes other runs, and \
            prints the --seed and --start that repeat them. Ctrl-C prints the summary so far. Exit code 1 if \
            an event was not acknowledged.

            With --tower, the runs speak as `nextflow run -with-tower` does: a call each second of their time \
            that tells up to 100 tasks, cached ones too; a call that is not taken is made again. With --both, \
            each run uses the weblog and Tower's client.

            Example: weir simulate --runs 20 --tasks 200
            """
    )

    @Option(help: "Number of runs; a failed one is sometimes resumed, as a further run.")
    var runs = 3

    @Option(help: "Tasks of each run, before retries.")
    var tasks = 50

    @Option(
        help: ArgumentHelp(
            "Events and calls a second in total; 0 sends as fast as the server responds.",
            valueName: "n"
        )
    )
    var rate = 0.0

    @Option(help: ArgumentHelp("Runs at the same time.", valueName: "n"))
    var senders = 16

    @Flag(help: "Send what Nextflow's Tower client sends, not the weblog.")
    var tower = false

    @Flag(help: "Send both for each run.")
    var both = false

    @Option(
        help: ArgumentHelp(
            "Seconds of a run's time between two calls that tell tasks; a large number gives full calls.",
            valueName: "s"
        )
    )
    var interval = 1

    @Option(
        help: """
            Where to send events, as -with-weblog takes it; else /telemetry of WEIR_URL, or of port 8000. With \
            --tower as TOWER_API_ENDPOINT, else /tower there; with --both the address of Weir, without a path.
            """
    )
    var url: String?

    @Option(
        help: ArgumentHelp(
            "user:password, as weblog.basicToken takes it, or the token for --tower; else WEIR_TOKEN.",
            valueName: "token"
        )
    )
    var basicToken: String?

    @Option(help: ArgumentHelp("About which share of the tasks fails, 0 to 1.", valueName: "share"))
    var failures = 0.04

    @Flag(help: "Leave task metrics out, as Nextflow does without -with-trace.")
    var withoutMetrics = false

    @Option(help: "A number: the same one gives the same runs. Without it, a new one each time.")
    var seed: UInt64?

    @Option(help: "When the first run began, as 2026-01-31T12:00:00Z; an hour ago if not given.")
    var start: String?

    func validate() throws {
        guard (1...1_000_000).contains(runs) else { throw ValidationError("--runs takes 1 to 1000000.") }
        guard (1...1_000_000).contains(tasks) else { throw ValidationError("--tasks takes 1 to 1000000.") }
        guard (1...1024).contains(senders) else { throw ValidationError("--senders takes 1 to 1024.") }
        guard rate >= 0, rate.isFinite else { throw ValidationError("--rate takes 0 or more.") }
        guard (0...1).contains(failures) else { throw ValidationError("--failures takes 0 to 1.") }
        guard (1...1_000_000).contains(interval) else {
            throw ValidationError("--interval takes 1 to 1000000.")
        }
        guard !withoutMetrics || !tower && !both else {
            throw ValidationError("--without-metrics is for the weblog: Tower's client always measures.")
        }
        guard SimulatorTarget(address) != nil else {
            throw ValidationError(
                "--url takes http://host[:port][/path], like http://127.0.0.1:8000/telemetry."
            )
        }
        guard start == nil || beginning != nil else {
            throw ValidationError("--start takes 2026-01-31T12:00:00Z.")
        }
    }

    func run() async throws {
        try await reportingFailures {
            guard let beginning else { return }
            let token = ServerVariables.token
            var options = SimulatorOptions(
                target: SimulatorTarget(
                    address + (both ? "/telemetry" : ""),
                    token: basicToken ?? token.map { "weir:\($0)" }
                ),
                tower: SimulatorTarget(address + (both ? "/tower" : ""), token: accessToken ?? token),
                start: beginning
            )
            if tower && !both { options.weblog = nil }
            if !tower && !both { options.tower = nil }
            options.callInterval = Int64(interval) * 1000
            options.sessions = runs
            options.tasksPerRun = tasks
            options.eventsPerSecond = rate
            options.senders = senders
            options.failureShare = failures
            options.hasMetrics = !withoutMetrics
            // Short enough to be typed again.
            options.seed = seed ?? UInt64.random(in: 1...999_999_999)
            let simulator = Simulator(options)
            // Every sender has a connection, and libcurl descriptors of its own beside it.
            ProcessDescriptors.raiseLimit()
            Interruption.watch()
            Interruption.onArrival { simulator.stop() }
            StandardStreams.write(
                "again with    --seed \(options.seed) --start \(beginning.iso8601(offset: .z))"
            )
            let report = await simulator.run()
            for line in report.lines { StandardStreams.write(line) }
            Interruption.endIfArrived()
            if !report.isClean { throw ExitCode(1) }
        }
    }

    private var address: String {
        if let url { return both && url.hasSuffix("/") ? String(url.dropLast()) : url }
        return (ServerVariables.url ?? "http://127.0.0.1:8000")
            + (both ? "" : tower ? "/tower" : "/telemetry")
    }

    /// The token, or the password of `user:password`.
    private var accessToken: String? {
        basicToken.map { given in
            given.firstIndex(of: ":").map { String(given[given.index(after: $0)...]) } ?? given
        }
    }

    private var beginning: Timestamp? {
        guard let start else { return Timestamp.now().adding(seconds: -3600) }
        return Timestamp(iso8601: start)
    }
}
