internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal

/// Why a write is not answered with its outcome.
enum WriteRefusal: Error, Sendable {
    case refused(RunRefusal)
    case notStored(JournalError)

    var response: Response {
        switch self {
        case .refused(let refusal): refusal.response
        case .notStored(let error): ErrorEnvelope.detail.response(to: error, storing: "run")
        }
    }
}
