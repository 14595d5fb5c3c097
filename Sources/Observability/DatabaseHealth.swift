/// Whether PostgreSQL answers; what a health page may say about it.
package enum DatabaseHealth: Hashable, Sendable {
    case connected
    /// Nobody has asked it yet.
    case unknown
    /// A short text without any secret: no host, user or query.
    case failed(String)

    /// As the surfaces write it: `Connected`, `Unknown`, `Error: …` (contract §1.4).
    package var text: String {
        switch self {
        case .connected: "Connected"
        case .unknown: "Unknown"
        case .failed(let reason): "Error: \(reason)"
        }
    }
}

/// How the health pages learn about PostgreSQL.
package protocol DatabaseHealthSource: Sendable {
    /// What is known without asking; never waits.
    var lastKnown: DatabaseHealth { get }

    /// Asks PostgreSQL, and gives up after `limit`.
    func check(within limit: Duration) async -> DatabaseHealth
}
