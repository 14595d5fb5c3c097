internal import Glibc

/// A terminal in raw mode, so that a command gets its keys unchanged, until it is restored.
package struct RawTerminal: Sendable {
    private let descriptor: Int32
    private let before: termios

    /// Stores the settings of a terminal; nil when it is not a terminal, or when this process is not in its
    /// foreground.
    package init?(_ descriptor: Int32) {
        var settings = termios()
        guard tcgetpgrp(descriptor) == getpgrp(), tcgetattr(descriptor, &settings) == 0 else { return nil }
        self.descriptor = descriptor
        before = settings
    }

    /// Whether this process is in the foreground of the terminal, so that it gets the keys.
    package var isInFront: Bool { tcgetpgrp(descriptor) == getpgrp() }

    /// Switches to raw mode.
    package func begin() {
        guard isInFront else { return }
        var settings = before
        cfmakeraw(&settings)
        tcsetattr(descriptor, TCSADRAIN, &settings)
    }

    /// Restores the settings.
    package func end() {
        guard isInFront else { return }
        var settings = before
        tcsetattr(descriptor, TCSADRAIN, &settings)
    }
}
