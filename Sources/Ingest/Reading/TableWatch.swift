package import Logging
package import Postgres

/// Repeats in memory what is changed in a table, here or on another Weir: when it is notified, and at intervals.
///
/// It has a session of its own, which listens.
package struct TableWatch: Sendable {
    private let name: String
    private let channel: String
    private let target: ConnectionTarget
    private let logger: Logger
    private let interval: Duration
    private let reload: @Sendable (Connection) throws -> Void

    /// Makes a watch; `channel` is notified of changes, `name` is in the name of its session.
    ///
    /// `reload` reads everything: at the beginning, after a notification, and every minute, whether it is notified or not.
    package init(
        _ name: String,
        channel: String,
        target: ConnectionTarget,
        logger: Logger,
        interval: Duration = .seconds(60),
        reload: @escaping @Sendable (Connection) throws -> Void
    ) {
        self.name = name
        self.channel = channel
        self.target = target
        self.logger = logger
        self.interval = interval
        self.reload = reload
    }

    /// Runs until the task is cancelled.
    package func run() async {
        let settings = SessionSettings(applicationName: "weir-\(name)")
        let connection = DedicatedConnection(target, settings, label: "weir.\(name)")
        var readAt: ContinuousClock.Instant?
        var session: UInt64?
        while !Task.isCancelled {
            do {
                let isDue = readAt.map { ContinuousClock.now - $0 >= interval } ?? true
                let listening = session
                session = try await connection.withConnection { connection in
                    // A new session listens to nothing yet, and has missed what was said meanwhile.
                    let isNew = connection.sessionID != listening
                    if isNew { try connection.listen(to: channel) }
                    let isNotified = try !connection.notifications(waitingAtMost: .milliseconds(250)).isEmpty
                    if isNew || isDue || isNotified { try reload(connection) }
                    return connection.sessionID
                }
                if isDue { readAt = .now }
            } catch {
                session = nil
                logger.debug("the \(name) are not read", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        connection.close()
    }
}
