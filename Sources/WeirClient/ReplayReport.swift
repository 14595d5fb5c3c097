/// What came of a replay.
public struct ReplayReport: Sendable, Equatable {
    /// Why records still wait.
    public enum Obstacle: Sendable, Equatable {
        /// Weir is away, or refuses to hear this client: its address or its token may be wrong.
        case unavailable
        /// Another replay of the same buffer is at work.
        case anotherReplay
        /// The files of the buffer can't be read or renamed.
        case files
    }

    /// Records that Weir has now, or had already.
    public var sent = 0
    /// Records that it refused for good; they stand in a `.rejected` file.
    public var rejected = 0
    /// What holds up the rest; nil when nothing waits any more.
    public var obstacle: Obstacle?
}
