internal import Core

/// Why a pushed body is not taken.
enum PushFault: Error, Equatable {
    /// It is not in its format; the group stays as it is. The sentence says where.
    case malformed(String)
    /// Its metrics contradict each other; the group shows when that was.
    case inconsistent(String)

    var message: String {
        switch self {
        case .malformed(let message), .inconsistent(let message): message
        }
    }
}
