/// Why a file cannot be imported: the rest of a sentence that begins with its path.
struct ImportFailure: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Why nothing more can be sent to the server. Records that were sent are stored; importing again creates no
/// duplicates.
package enum SendingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// There was no response, in spite of all retries.
    case noAnswer(String)
    /// The server was busy until the timeout of the import.
    case busy(status: Int, seconds: Int)
    /// The token is missing, wrong, or may not write.
    case refusedCredentials(status: Int)
    /// The responding server has no such route.
    case noSuchRoute(path: String, status: Int)
    /// The response is not Weir's.
    case strangeAnswer(path: String, status: Int)

    /// What happened, and what to do.
    package var description: String {
        switch self {
        case .noAnswer(let why): "\(why); is Weir running there? --url names another address"
        case .busy(let status, let seconds):
            "the server answered \(status) for \(seconds) s; import again later: that creates no duplicates"
        case .refusedCredentials(let status):
            "the server answered \(status): give --token a token with the scope ingest"
        case .noSuchRoute(let path, let status): "the server answered \(status) to \(path): is --url a Weir?"
        case .strangeAnswer(let path, let status):
            "the server's answer (\(status)) to \(path) is none of Weir's: is --url a Weir?"
        }
    }
}
