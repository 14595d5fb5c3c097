import Glibc
import Processes

/// A command that runs as a child of this process and notices as little of that as possible. The caller's threads only
/// wait.
final class TrackedProcess: Sendable {
    /// How a command is run.
    struct Options: Sendable {
        /// The variables of the command.
        var environment: [[UInt8]] = []
        /// The variable, as `NAME=value`, that marks this command and its children.
        var mark: [UInt8] = []
        /// After how long the command is ended; nil sets no limit.
        var timeout: Duration?
        /// The time between SIGTERM and SIGKILL.
        var killAfter: Duration = .seconds(10)
        /// How its outputs are connected.
        var outputs = CommandOutputs.Style.sifted
        /// Whether the command and its descendants are measured while they run.
        var isMeasured = false
        /// How signals were set for this process.
        var signals = InheritedSignals.none
    }

    /// How the command ended.
    enum End: Sendable {
        case exited(Int32)
        case killed(signal: Int32)
        /// The command could not be started: 127 when there is none, 126 when it can't be executed.
        case notStarted(code: Int32, why: String)
    }

    private let command: [[UInt8]]
    private let options: Options
    private let outputs: CommandOutputs
    private let steward: SignalSteward

    /// Makes a process; `directive` gets the lines `::weir …` of both outputs.
    init(_ command: [[UInt8]], _ options: Options, directive: @escaping @Sendable (String) -> Void) {
        self.command = command
        self.options = options
        outputs = CommandOutputs(options.outputs, directive)
        steward = SignalSteward(outputs: outputs)
    }

    /// The last lines of standard error.
    var tail: String { outputs.tail }
    /// Whether the time limit ended the command.
    var isTimedOut: Bool { steward.isTimedOut }

    /// Starts the command. Signals are passed on from now on.
    func start() throws(SpawnError) -> pid_t {
        steward.start()
        var spawn = Spawn(command)
        spawn.environment = options.environment
        spawn.signals = options.signals
        spawn.takesScripts = true
        try outputs.open(for: &spawn)
        defer { outputs.closeFarEnds() }
        let process = try spawn.start()
        steward.begin(process, isInOwnSession: spawn.terminal != nil)
        return process
    }

    /// What is known of an ended command.
    struct Ending: Sendable {
        let end: End
        /// What it and the children that it waited for used; nil when it was not started.
        var usage: ProcessUsage?
        /// What all its processes used; nil when it was not measured.
        var findings: CommandMeter.Findings?
    }

    /// Waits for the command to end; blocks. Its output may not have been passed on yet: `finish` waits for that.
    func wait(_ process: pid_t) -> Ending {
        let meter = options.isMeasured ? CommandMeter(process) : nil
        meter?.start()
        outputs.begin { [steward] in steward.noteInterrupt() }
        let family = ProcessFamily(of: process, mark: options.mark)
        let limit = options.timeout.map { TimeLimit($0, killAfter: options.killAfter, family) }
        limit?.start { [steward] in steward.noteTimeout() }
        let (end, usage) = waitForEnd(process)
        steward.end()
        let findings = meter?.finish(usage)
        limit?.commandHasEnded()
        outputs.commandHasEnded()
        return Ending(end: end, usage: usage, findings: findings)
    }

    private func waitForEnd(_ process: pid_t) -> (End, ProcessUsage?) {
        while true {
            switch ChildStatus.next(of: process) {
            case .stopped(let signal):
                // As without `weir track`, the shell sees the job stop and continue as a whole.
                outputs.pause()
                SignalRelay.stop(by: signal)
                outputs.resume()
            case .exited(let code, let usage): return (.exited(code), usage)
            case .killed(let signal, let usage): return (.killed(signal: signal), usage)
            case nil: return (.exited(255), nil)
            }
        }
    }

    /// Waits until the command's output has been read, however long that takes, and leaves its children's later output
    /// to a separate process.
    func finish() { outputs.finish() }

    /// Whether the command got a stop signal and ended by it.
    func isCancelled(_ end: End) -> Bool { steward.isCancelled(end) }
}
