package import Ingest

extension Feature {
    /// Provenance events and their feeds: contract beampipe §3.
    package static let provenance = Feature("provenance") { _ in }
}
