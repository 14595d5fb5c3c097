package import Ingest

extension Feature {
    /// Executions that a backend registers and updates: contract beampipe §5.
    package static let executions = Feature("executions") { _ in }
}
