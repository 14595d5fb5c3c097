import ArgumentParser
import CLinux
import Glibc
import Processes
import WeirApp

/// A separate process that passes output on after `weir track` has ended, for children of the command that still write
/// to its pipe: they would get SIGPIPE if it closed.
enum OutputForwarder {
    /// The descriptors of the process: first the bytes that are left over, then the open pipe.
    private static let left: Int32 = 3

    /// Starts the process in a new session, so that a terminal's or batch system's signal to the group does not end it
    /// before the processes that it serves.
    static func leave(_ rest: OutputPump.Rest) {
        var ends: [Int32] = [0, 0]
        guard linux_pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { return }
        // F_SETPIPE_SZ: what a pump reads at a time fits.
        _ = fcntl(ends[1], 1031, 128 << 10)
        _ = rest.bytes.withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        var spawn = Spawn(["/proc/self/exe", "track-forward"].map { Array($0.utf8) })
        // From high to low: no descriptor is overwritten before it was copied.
        let source = fcntl(rest.source, F_DUPFD_CLOEXEC, 10)
        let target = fcntl(rest.target, F_DUPFD_CLOEXEC, 10)
        let remainder = fcntl(ends[0], F_DUPFD_CLOEXEC, 10)
        spawn.descriptors = [
            (own: remainder, child: left), (own: source, child: STDIN_FILENO),
            (own: target, child: STDOUT_FILENO), (own: target, child: STDERR_FILENO),
        ]
        spawn.startsSession = true
        spawn.closesOthers = true
        spawn.directory = "/"
        _ = try? spawn.start()
        for descriptor in [source, target, remainder, ends[0]] { close(descriptor) }
    }

    /// The work of the process: blocks until all writers or all readers have closed.
    static func run() {
        for source in [left, STDIN_FILENO] {
            _ = fcntl(source, F_SETFL, fcntl(source, F_GETFL) & ~O_NONBLOCK)
            let never = OutputPump(from: source, to: STDOUT_FILENO, stop: -1, nil)
            never.run()
        }
    }
}

/// The hidden command by which the process is started.
struct TrackForwardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "track-forward",
        abstract: "Passes on what a tracked command's children write after its end.",
        shouldDisplay: false
    )

    func run() { OutputForwarder.run() }
}
