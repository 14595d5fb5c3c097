package import Core
package import Logging

/// What a journal is made of besides its settings.
package struct JournalSetup: Sendable {
    /// Where it lives and how large it may grow.
    package var configuration: JournalConfiguration
    /// Gives arrival times.
    package var clock: @Sendable () -> Timestamp
    /// Hears what went wrong.
    package var logger: Logger
    /// Compresses old segments; without one they stay as they are.
    package var codec: SegmentCodec?
    /// Hears what is done.
    package var observer = JournalObserver()
    /// The system calls.
    package var files = FileOperations.system

    /// Makes a setup with the real system calls, no codec and nobody observing.
    package init(
        _ configuration: JournalConfiguration,
        clock: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
    }
}
