import HTTP
import HTTPServer
import Synchronization

/// Remembers which listeners are reachable from this machine only.
final class ListenerExposure: Sendable {
    // Guards the results for listeners seen so far; there are as many as listeners.
    private let known = Mutex<[String: Bool]>([:])

    /// Whether a listener is loopback or a Unix socket; an unreadable address counts as exposed.
    func isLoopback(_ listener: ListenerInfo) -> Bool {
        known.withLock { known in
            if let answer = known[listener.description] { return answer }
            let specification = try? ListenSpecification(listener.description, profiles: ListenerProfiles.all)
            let answer = specification?.isLoopback ?? false
            known[listener.description] = answer
            return answer
        }
    }
}
