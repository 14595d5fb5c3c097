internal import Glibc

/// A terminal whose keys go through to a command as they are, until it is put back.
package struct RawTerminal: Sendable {
    private let descriptor: Int32
    private let before: termios

    /// Notes the settings of a terminal; nil when it is none, or when this process does not stand in front of it.
    package init?(_ descriptor: Int32) {
        var settings = termios()
        guard tcgetpgrp(descriptor) == getpgrp(), tcgetattr(descriptor, &settings) == 0 else { return nil }
        self.descriptor = descriptor
        before = settings
    }

    /// Whether this process stands in front of the terminal, so that keys are meant for it.
    package var isInFront: Bool { tcgetpgrp(descriptor) == getpgrp() }

    /// Lets every key through.
    package func begin() {
        guard isInFront else { return }
        var settings = before
        cfmakeraw(&settings)
        tcsetattr(descriptor, TCSADRAIN, &settings)
    }

    /// Puts the terminal back as it was.
    package func end() {
        guard isInFront else { return }
        var settings = before
        tcsetattr(descriptor, TCSADRAIN, &settings)
    }
}
