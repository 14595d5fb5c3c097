import HTTP
import HTTPServer
import Synchronization

/// Remembers which listeners only this machine can reach.
final class ListenerExposure: Sendable {
    // Guards the answers for listeners seen so far; there are as many as listeners.
    private let known = Mutex<[String: Bool]>([:])

    /// Whether a listener is loopback or a Unix socket; what cannot be read counts as exposed.
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
