import CLinux
import Dispatch
import Glibc

/// The signals that ask this process to end, as events: told from where they come, and not acted upon.
enum SignalRelay {
    /// A signal that came.
    struct Arrival: Sendable {
        let number: Int32
        /// The terminal sent it, and so to every process in front of it.
        let isFromTerminal: Bool
    }

    /// Catches SIGINT, SIGTERM and SIGHUP from now on, but for those that are ignored, as under `nohup`: they stay so.
    /// Call it once.
    static func start(_ receive: @escaping @Sendable (Arrival) -> Void) {
        var ends: [Int32] = [0, 0]
        guard linux_pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { return }
        let output = ends[0]
        relayInput = ends[1]
        let source = DispatchSource.makeReadSource(fileDescriptor: output, queue: .global())
        source.setEventHandler {
            var pair: [UInt8] = [0, 0]
            while read(output, &pair, 2) == 2 {
                receive(Arrival(number: Int32(pair[0]), isFromTerminal: pair[1] == 1))
            }
            // Holds the source for as long as the process lives.
            _ = source
        }
        source.resume()
        for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) { catchSignal(number) }
    }

    private static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func catchSignal(_ number: Int32) {
        var action = sigaction()
        action.sa_flags = SA_SIGINFO | SA_RESTART
        action.__sigaction_handler.sa_sigaction = { number, info, _ in
            // signal(7): only write(2) and the like are allowed here. SI_KERNEL is not among what Swift imports.
            let code = info?.pointee.si_code ?? 0
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2) { pair in
                pair[0] = UInt8(truncatingIfNeeded: number)
                pair[1] = code == 0x80 ? 1 : 0
                let before = errno
                _ = write(relayInput, pair.baseAddress, 2)
                errno = before
            }
        }
        sigaction(number, &action, nil)
    }
}

/// Where the handler writes to; set before there is one.
private nonisolated(unsafe) var relayInput: Int32 = -1  // safe: set once, before anybody reads it
