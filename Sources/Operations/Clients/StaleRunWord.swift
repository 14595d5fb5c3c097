import Runs
import WeirApp

/// What an abandoned run can be marked as, for options.
package enum StaleRunWord {
    /// Every word.
    package static let all = StaleRunStatus.allCases.map(\.rawValue)
}
