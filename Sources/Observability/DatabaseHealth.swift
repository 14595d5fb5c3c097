/// The health of PostgreSQL, for health pages.
package enum DatabaseHealth: Hashable, Sendable {
    case connected
    /// Not checked yet.
    case unknown
    /// A short text without secrets: no host, user or query.
    case failed(String)

    /// In the format of the surfaces: `Connected`, `Unknown`, `Error: …` (contract §1.4).
    package var text: String {
        switch self {
        case .connected: "Connected"
        case .unknown: "Unknown"
        case .failed(let reason): "Error: \(reason)"
        }
    }
}

/// Provides the health of PostgreSQL to the health pages.
package protocol DatabaseHealthSource: Sendable {
    /// The last known health; never waits.
    var lastKnown: DatabaseHealth { get }

    /// Checks PostgreSQL, and gives up after `limit`.
    func check(within limit: Duration) async -> DatabaseHealth
}
