import Core
import Glibc

/// Standard output and error without buffers, and without surprises when somebody closed them.
package enum StandardStreams {
    /// Opens `/dev/null` where stdin, stdout or stderr is closed, and ignores SIGPIPE.
    ///
    /// Otherwise the next file or socket would get their number, and log lines would end up in it.
    package static func ensureOpen() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            _ = open("/dev/null", O_RDWR)
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Writes a line to standard output, for people: what a terminal would obey is shown instead (`TerminalText`), wherever
    /// in the line it came from.
    package static func write(_ line: String) {
        write(Array(TerminalText.layout(line).utf8) + [UInt8(ascii: "\n")], to: STDOUT_FILENO)
    }

    /// Writes a line to standard error; see `write`.
    package static func writeError(_ line: String) {
        write(Array(TerminalText.layout(line).utf8) + [UInt8(ascii: "\n")], to: STDERR_FILENO)
    }

    /// Whether standard error is a terminal.
    package static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes bytes in one call where the system allows it, and waits for room; gives up when the other side is gone.
    ///
    /// - Returns: whether everything was written.
    @discardableResult
    package static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count == -1, errno == EAGAIN {
                    // Somebody else who holds this end made it non-blocking.
                    var room = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&room, 1, -1)
                } else if count == -1, errno == EINTR {
                    continue
                } else {
                    return false
                }
            }
            return true
        }
    }
}

extension Slice where Base == UnsafeRawBufferPointer {
    /// Where the slice begins in memory.
    fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}
