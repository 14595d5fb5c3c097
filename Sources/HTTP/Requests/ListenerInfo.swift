/// Which listener a request came in by.
package struct ListenerInfo: Hashable, Sendable {
    /// The listener profile that decides colliding paths: `nextflow`, `runs`, `metrics`, `tower`, or nil for the main one.
    package var profile: String?

    /// The bound address as the log names it.
    package var description: String

    /// Names a listener.
    package init(profile: String?, description: String) {
        self.profile = profile
        self.description = description
    }
}
