internal import Ingest
internal import Logging
internal import Postgres

/// Repeats in memory what other Weirs change in the registry.
struct RegistryWatch: Sendable {
    /// Notified by the loader that has stored a new component.
    static let channel = "weir_components"

    let registry: ComponentRegistry
    let target: ConnectionTarget
    let logger: Logger
    /// How often it reads everything again, whether it is notified or not.
    let interval: Duration

    /// Runs until the task is cancelled.
    func run() async {
        let connection = DedicatedConnection(
            target,
            SessionSettings(applicationName: "weir-registry"),
            label: "weir.registry"
        )
        var readAt: ContinuousClock.Instant?
        var session: UInt64?
        while !Task.isCancelled {
            do {
                let isDue = readAt.map { ContinuousClock.now - $0 >= interval } ?? true
                let listening = session
                session = try await connection.withConnection { connection in
                    // A new session listens to nothing yet, and has missed what was said meanwhile.
                    let isNew = connection.sessionID != listening
                    if isNew { try connection.listen(to: Self.channel) }
                    let isNotified = try !connection.notifications(waitingAtMost: .milliseconds(250)).isEmpty
                    if isNew || isDue || isNotified { try registry.reload(on: connection) }
                    return connection.sessionID
                }
                if isDue { readAt = .now }
            } catch {
                session = nil
                logger.debug("the registry is not read", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        connection.close()
    }
}
