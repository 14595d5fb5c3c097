internal import API
internal import Core
internal import Ingest

/// The states of a run, as the function `run_state` names them.
enum RunState: String, CaseIterable, Sendable {
    case pending
    case running
    case stale
    case succeeded
    case failed
    case aborted

    /// Whether a run in this state has surely not ended.
    var isOpen: Bool {
        switch self {
        case .pending, .running, .stale: true
        case .succeeded, .failed, .aborted: false
        }
    }
}
