internal import Core
internal import HTTP
internal import Synchronization

/// The counts of runs, in the reference's format. Contract §1.3.
struct RunCountsAnswer: Sendable {
    let total: Int64
    /// Agents with the most runs first, as many as fit; nil for callers that may not read them.
    let agents: [(value: String, runs: Int64)]?
    /// How many agents there are.
    let agentsTotal: Int64
    let recent: Int64

    var response: Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("total_runs", total)
            body.object("agents") { list in
                for agent in agents ?? [] { list.member(agent.value, agent.runs) }
            }
            if let agents, agentsTotal > agents.count { body.member("agents_total", agentsTotal) }
            body.member("recent_24h", recent)
            body.object("performance") { performance in
                performance.member("db_path", "postgresql")
                performance.member("journal_mode", "DELETE")
            }
        }
        return .json(writer.bytes)
    }
}

/// A response that is made once and shared by all requests of some seconds, including those that come while it is
/// being made; also when it is an error.
final class SharedAnswer: Sendable {
    private static let lifetime = Duration.seconds(5)

    private struct Made: Sendable {
        let answer: Task<Response, Never>
        let at: ContinuousClock.Instant
    }

    // Guards the last response that was begun.
    private let last = Mutex<Made?>(nil)

    /// The response of the last seconds, or a new one.
    func answer(_ make: @escaping @Sendable () async -> Response) async -> Response {
        let made = last.withLock { last in
            let now = ContinuousClock.now
            if let last, now - last.at < Self.lifetime { return last }
            let made = Made(answer: Task { await make() }, at: now)
            last = made
            return made
        }
        return await made.answer.value
    }
}
