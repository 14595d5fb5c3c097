import Runs
import WeirApp

/// The statuses of abandoned runs, for options.
package enum StaleRunWord {
    /// Every word.
    package static let all = StaleRunStatus.allCases.map(\.rawValue)
}
