import Core
import Glibc

/// Standard output and error, unbuffered, and safe if they are closed.
package enum StandardStreams {
    /// Opens `/dev/null` where stdin, stdout or stderr is closed, and ignores SIGPIPE.
    ///
    /// Otherwise the next file or socket would get that descriptor, and log lines would be written into it.
    package static func ensureOpen() {
        for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
            _ = open("/dev/null", O_RDWR)
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Writes a line to standard output for people: characters that a terminal would obey are escaped
    /// (`TerminalText`), wherever in the line they are.
    package static func write(_ line: String) {
        write(Array(TerminalText.layout(line).utf8) + [UInt8(ascii: "\n")], to: STDOUT_FILENO)
    }

    /// Writes a line to standard error; see `write`.
    package static func writeError(_ line: String) {
        write(Array(TerminalText.layout(line).utf8) + [UInt8(ascii: "\n")], to: STDERR_FILENO)
    }

    /// Whether standard error is a terminal.
    package static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes bytes in one call if possible, and waits for room; gives up when the other side is closed.
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
                    // Another process with this descriptor made it non-blocking.
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
    /// The start of the slice in memory.
    fileprivate var baseAddress: UnsafeRawPointer? { UnsafeRawBufferPointer(rebasing: self).baseAddress }
}
