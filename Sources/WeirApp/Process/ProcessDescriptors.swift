import Glibc

/// The limit of open files and sockets of this process.
package enum ProcessDescriptors {
    /// Reserved for everything but clients and the pool: the journal, the loaders, listeners, logs.
    static let reserve = 128

    /// Raises the soft limit to the hard one, and returns the limit then; nil when it is unknown.
    ///
    /// The soft limit is 1024 in many shells, for programs that use `select`; Weir does not.
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

    /// The most connections of clients: `wanted`, or as many as leave `others` and the reserve.
    ///
    /// Without this limit, clients could take the descriptor that the journal needs for its next segment.
    static func connections(wanted: Int, limit: Int?, others: Int) -> Int {
        guard let limit else { return wanted }
        return min(wanted, max(1, limit - others - reserve))
    }
}
