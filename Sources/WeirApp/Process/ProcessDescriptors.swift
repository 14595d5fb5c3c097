import Glibc

/// How many files and sockets the process may have open at once.
package enum ProcessDescriptors {
    /// What is kept for everything but clients and the pool: the journal, the loaders, listeners, logs.
    static let reserve = 128

    /// Raises the soft limit to the hard one, and gives back what is in force then; nil when the system does not say.
    ///
    /// The soft limit is 1024 in many shells, for the sake of programs that use `select`; this is none.
    @discardableResult
    package static func raiseLimit() -> Int? {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return nil }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if setrlimit(resource, &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }

    /// The most connections of clients: as many as wanted, or as leave `others` and the reserve.
    ///
    /// Accepting until nothing is left would take from the journal what it needs for its next segment.
    static func connections(wanted: Int, limit: Int?, others: Int) -> Int {
        guard let limit else { return wanted }
        return min(wanted, max(1, limit - others - reserve))
    }
}
