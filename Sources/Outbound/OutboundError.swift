internal import Glibc

/// Why there is no response.
package enum OutboundError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The URL is malformed, or its scheme is neither http nor https.
    case badURL
    /// The host has no address.
    case unresolvable
    /// The policy forbids the host or its address.
    case forbidden(String)
    /// Nothing listens there, or there is no route; the number is `errno`, or 0 where it is unknown.
    case unreachable(code: Int32)
    /// The connection ended before a response came.
    case closed
    /// The response is not HTTP.
    case malformed
    /// The timeout passed.
    case timeout
    /// The task that sent the request was cancelled.
    case cancelled
    /// A header field contains a line break or U+0000.
    case badField(String)
    /// The TLS handshake failed: the certificate is not trusted, or there is no common version or cipher.
    case tls(String)
    /// The response is larger than the request allows.
    case tooLarge
    /// Any other error, as libcurl words it.
    case failed(String)

    package var description: String {
        switch self {
        case .badURL: "the URL is not one of http or https"
        case .unresolvable: "the host has no address"
        case .forbidden(let what):
            "\(what) may not be called: see the list of allowed and denied destinations"
        case .unreachable: "nobody answers there"
        case .closed: "the connection was closed before an answer came"
        case .malformed: "the answer is not HTTP"
        case .timeout: "no answer in time"
        case .cancelled: "the request was cancelled"
        case .badField(let name): "the header field \(name) has a line break in it"
        case .tls(let why): "no secure connection: \(why)"
        case .tooLarge: "the answer is too large"
        case .failed(let why): why
        }
    }

    /// Like `description`, with the operating system's reason for unreachable servers: for the operator of the called
    /// machine.
    package var cause: String {
        guard case .unreachable(let code) = self, code != 0 else { return description }
        return "cannot connect: \(String(cString: strerror(code)))"
    }
}
