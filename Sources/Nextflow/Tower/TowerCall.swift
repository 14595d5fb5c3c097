/// A call of Tower's client that tells something. Contract nextflow §5.3, §5.4.
enum TowerCall: String, CaseIterable, Sendable {
    case create
    case begin
    case progress
    case heartbeat
    case complete
    /// `PATCH /workflow/{id}`: the id of the run in the vendor's own scheduler.
    case patch
}
