internal import Glibc

/// A pseudo-terminal that this process provides to a command.
package final class PseudoTerminal: Sendable {
    /// This process's side: it reads what the command writes, and writes what the command reads.
    package let master: Int32
    /// The command's side, as a path.
    package let path: String

    /// Opens a terminal with the size of another one, if `model` is one.
    package init(model: Int32) throws(SpawnError) {
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard master >= 0 else { throw SpawnError(errorNumber: errno) }
        var number: Int32 = 0
        var unlocked: Int32 = 0
        // TIOCGPTN and TIOCSPTLCK, which Swift does not import.
        guard ioctl(master, 0x8004_5430, &number) == 0, ioctl(master, 0x4004_5431, &unlocked) == 0 else {
            let cause = errno
            close(master)
            throw SpawnError(errorNumber: cause)
        }
        path = "/dev/pts/\(number)"
        resize(like: model)
    }

    /// Gives the command's terminal the size of another one; the kernel sends the command a SIGWINCH.
    package func resize(like model: Int32) {
        var size = winsize()
        if ioctl(model, UInt(TIOCGWINSZ), &size) != 0 || size.ws_row == 0 {
            size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        }
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
    }

    /// Whether a byte would interrupt the command when written now: Ctrl-C, unless the command reads raw keys.
    package func isInterrupt(_ byte: UInt8) -> Bool {
        var settings = termios()
        guard tcgetattr(master, &settings) == 0, settings.c_lflag & tcflag_t(ISIG) != 0 else { return false }
        return withUnsafeBytes(of: settings.c_cc) { $0[Int(VINTR)] } == byte
    }
}
