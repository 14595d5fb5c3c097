internal import Glibc

/// Why there is no answer.
package enum OutboundError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The URL is none, or its scheme is neither http nor https.
    case badURL
    /// The host has no address.
    case unresolvable
    /// The policy forbids the host or the address that it has.
    case forbidden(String)
    /// Nobody listens there, or no way leads there; the number is `errno`, or 0 where none is known.
    case unreachable(code: Int32)
    /// The connection ended before an answer came.
    case closed
    /// What came is no HTTP answer.
    case malformed
    /// It took too long.
    case timeout
    /// The task that asked was cancelled.
    case cancelled
    /// A header field has a line break or U+0000 in it.
    case badField(String)
    /// No trust in the other side, or no common ground with it.
    case tls(String)
    /// The answer is larger than was wanted.
    case tooLarge
    /// Anything else, in libcurl's words.
    case failed(String)

    package var description: String {
        switch self {
        case .badURL: "the URL is not one of http or https"
        case .unresolvable: "the host has no address"
        case .forbidden(let what):
            "\(what) may not be called: see the list of allowed and denied destinations"
        case .unreachable: "nobody answers there"
        case .closed: "the connection was closed before an answer came"
        case .malformed: "what came back is no HTTP answer"
        case .timeout: "no answer in time"
        case .cancelled: "nobody waits for the answer any more"
        case .badField(let name): "the header field \(name) has a line break in it"
        case .tls(let why): "no secure connection: \(why)"
        case .tooLarge: "the answer is too large"
        case .failed(let why): why
        }
    }

    /// As `description`, with the system's reason where nobody answers: for who looks after the machine that was called.
    package var cause: String {
        guard case .unreachable(let code) = self, code != 0 else { return description }
        return "cannot connect: \(String(cString: strerror(code)))"
    }
}
