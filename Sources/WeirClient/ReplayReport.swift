/// The outcome of a replay.
public struct ReplayReport: Sendable, Equatable {
    /// Why records still wait.
    public enum Obstacle: Sendable, Equatable {
        /// Weir is away or refuses this client: its address or its token may be wrong.
        case unavailable
        /// Another replay of the same buffer is running.
        case anotherReplay
        /// The files of the buffer can't be read or renamed.
        case files
    }

    /// Records that Weir has taken now or before.
    public var sent = 0
    /// Records that it refused permanently; they are in a `.rejected` file.
    public var rejected = 0
    /// Why records still wait; nil when none waits.
    public var obstacle: Obstacle?
}
