import Dispatch
import Glibc
import Processes
import Synchronization

/// Looks at a running command and its descendants from time to time, for what they use together. Any thread.
final class CommandMeter: Sendable {
    /// The first look comes soon, for short commands; later ones are rarer, since each reads all of `/proc`.
    private static let firstPause = Duration.milliseconds(20)
    private static let longestPause = Duration.seconds(1)

    /// What was found.
    struct Findings: Sendable {
        /// What all processes used; its peaks are those of the looks.
        var usage = ResourceUsage()
        /// The most processes at one look.
        var processes: UInt64 = 0
        /// The most threads at one look.
        var threads: UInt64 = 0
    }

    private struct State {
        var meter = TreeMeter()
        var findings = Findings()
        var isOver = false
    }

    private let process: pid_t
    // Looks take a few milliseconds: a queue of their own.
    private let queue = DispatchQueue(label: "weir.track.meter")
    // Guards what was found.
    private let state = Mutex(State())

    init(_ process: pid_t) {
        self.process = process
    }

    /// Begins to look.
    func start() { look(nextAfter: Self.firstPause) }

    /// Looks once more, and returns what was found; `usage` is what the kernel says of the command and the children that
    /// it waited for, which is exact.
    func finish(_ usage: ProcessUsage?) -> Findings {
        state.withLock { $0.isOver = true }
        // No look is under way afterwards.
        queue.sync { take() }
        var findings = state.withLock { $0.findings }
        guard let usage else { return findings }
        findings.usage.userSeconds = max(findings.usage.userSeconds, usage.userSeconds)
        findings.usage.systemSeconds = max(findings.usage.systemSeconds, usage.systemSeconds)
        findings.usage.peakBytes = max(findings.usage.peakBytes, UInt64(clamping: usage.peakBytes))
        findings.usage.readBytes = max(findings.usage.readBytes ?? 0, usage.readBytes)
        findings.usage.writtenBytes = max(findings.usage.writtenBytes ?? 0, usage.writtenBytes)
        return findings
    }

    private func look(nextAfter pause: Duration) {
        queue.async { [self] in
            guard !state.withLock({ $0.isOver }) else { return }
            take()
            queue.asyncAfter(deadline: .now() + pause.seconds) { [self] in
                look(nextAfter: min(pause * 2, Self.longestPause))
            }
        }
    }

    private func take() {
        let table = ProcessTable.read()
        state.withLock { state in
            let usage = state.meter.look([process], in: table)
            state.findings.usage = usage
            state.findings.processes = max(state.findings.processes, usage.processes)
            state.findings.threads = max(state.findings.threads, usage.threads ?? 0)
        }
    }
}
