internal import Glibc

/// Why a listener could not be opened.
package struct ListenError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The listener as it was written, e.g. `runs@127.0.0.1:8765`.
    package let listener: String
    /// The cause.
    package let cause: Cause

    /// The causes.
    package enum Cause: Hashable, Sendable {
        /// Another process listens there.
        case addressInUse
        /// The process may not bind there: a port below 1024, or a directory it can't write.
        case permissionDenied
        /// The address belongs to no interface of this machine.
        case addressNotAvailable
        /// The host's name could not be resolved; the text is the resolver's.
        case unknownHost(String)
        /// A Unix socket's path is longer than the system allows; both in bytes.
        case pathTooLong(length: Int, limit: Int)
        /// The path exists and is not a socket.
        case notASocket
        /// Another system call failed; the number is `errno`.
        case system(call: String, code: Int32)
    }

    /// A sentence for the operator: what was attempted, why it failed, what to do.
    package var description: String {
        "cannot listen on \(listener): \(words)"
    }

    private var words: String {
        switch cause {
        case .addressInUse: "another process listens there already; stop it or choose another address"
        case .permissionDenied: "permission denied; choose a port above 1023 or a path that can be written"
        case .addressNotAvailable: "no interface of this machine has that address"
        case .unknownHost(let text): "the host is unknown (\(text))"
        case .pathTooLong(let length, let limit): "the path has \(length) bytes, the system allows \(limit)"
        case .notASocket: "the file at that path is not a socket"
        case .system(let call, let code): "\(call) failed: \(String(cString: strerror(code)))"
        }
    }

    /// Sorts an `errno` into a cause.
    init(listener: String, call: String, code: Int32) {
        self.listener = listener
        cause =
            switch code {
            case EADDRINUSE: .addressInUse
            case EACCES, EPERM, EROFS: .permissionDenied
            case EADDRNOTAVAIL: .addressNotAvailable
            default: .system(call: call, code: code)
            }
    }

    init(listener: String, cause: Cause) {
        self.listener = listener
        self.cause = cause
    }
}
