internal import Glibc

/// The signal settings with which this process was started: a command that it runs should inherit the same.
package struct InheritedSignals: Sendable {
    /// The signals that were blocked.
    let mask: sigset_t
    /// Whether SIGPIPE was ignored.
    let ignoresPipe: Bool

    /// Reads the settings of the calling thread. Call it on the main thread, before anything changes a signal.
    package static func now() -> InheritedSignals {
        var mask = sigset_t()
        pthread_sigmask(SIG_BLOCK, nil, &mask)
        return InheritedSignals(mask: mask, ignoresPipe: SignalAction.isIgnored(SIGPIPE))
    }

    /// Nothing blocked, nothing ignored.
    package static var none: InheritedSignals {
        var mask = sigset_t()
        sigemptyset(&mask)
        return InheritedSignals(mask: mask, ignoresPipe: false)
    }
}

/// The effect of a signal on this process.
enum SignalAction {
    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        sigaction(number, nil, &action)
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}
