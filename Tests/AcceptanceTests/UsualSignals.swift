import Foundation

extension Process {
    /// Starts the program as a terminal or a batch system does: no signal is blocked, and none ignored.
    ///
    /// A thread of Dispatch blocks signals, and a shell without job control ignores SIGINT and SIGQUIT for what it runs in
    /// the background; both would be inherited.
    func runWithUsualSignals() throws {
        for number in [SIGINT, SIGQUIT] { signal(number, SIG_DFL) }
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
    }
}
