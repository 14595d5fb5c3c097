/// How bad it is. Contract beampipe §11.3b, pipelogiq §6.8.
package enum AlertSeverity: String, CaseIterable, Comparable, Sendable {
    case info
    case warning
    case error
    case critical

    package static func < (left: AlertSeverity, right: AlertSeverity) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .info: 0
        case .warning: 1
        case .error: 2
        case .critical: 3
        }
    }
}
