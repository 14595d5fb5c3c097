internal import Synchronization
internal import WeirClient

/// What an agent says to its operator: a line for each change, not for each event. Any thread.
final class AgentLog: Sendable {
    /// Whose requests the server takes, or not.
    enum Subject: Hashable {
        case registry, reports
    }

    private struct State {
        var troubles: [Subject: ServerTrouble] = [:]
        var said: Set<String> = []

        var trouble: ServerTrouble? { troubles[.reports] ?? troubles[.registry] }
    }

    private let url: String
    private let write: @Sendable (String) -> Void
    // Guards what was said last.
    private let state = Mutex(State())

    init(url: String, _ write: @escaping @Sendable (String) -> Void) {
        self.url = ShownURL.text(url)
        self.write = write
    }

    /// What happened, and what to do.
    func sentence(_ trouble: ServerTrouble) -> String { trouble.sentence(url, api: "Weir's workers API") }

    func say(_ sentence: String) { write(sentence) }

    /// The server takes requests, or why it does not; `waiting` reports are in the spool.
    func server(_ subject: Subject, _ trouble: ServerTrouble?, waiting: Int) {
        let (before, now) = state.withLock { state in
            let before = state.trouble
            state.troubles[subject] = trouble
            return (before, state.trouble)
        }
        guard before != now else { return }
        if let now {
            write("\(sentence(now)); reports wait in the spool")
        } else {
            write("\(url) takes reports again; \(waiting) wait in the spool")
        }
    }

    /// Says a sentence the first time after `topic` was settled.
    func once(_ topic: String, _ sentence: String) {
        if state.withLock({ $0.said.insert(topic).inserted }) { write(sentence) }
    }

    /// The matter of `once` is over; says `sentence` if it was one.
    func settle(_ topic: String, _ sentence: String? = nil) {
        let wasOpen = state.withLock { $0.said.remove(topic) != nil }
        if wasOpen, let sentence { write(sentence) }
    }
}
