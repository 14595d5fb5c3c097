internal import Core
internal import HTTP

/// The names of agents and job types. Contract §1.10.
struct RunNames: Sendable {
    let agents: [String]
    let jobTypes: [String]
    private let agentTotal: Int64
    private let jobTypeTotal: Int64

    /// Reads the names with the most runs; those of each kind take at most `bytes`.
    init(_ store: RunsStore, bytes: Int) throws {
        agents = try store.counts("agent_name", bytes: bytes).map(\.value).sorted(by: Self.byBytes)
        jobTypes = try store.counts("job_type", bytes: bytes).map(\.value).sorted(by: Self.byBytes)
        agentTotal = try store.totals("agent_name").names
        jobTypeTotal = try store.totals("job_type").names
    }

    private var isTruncated: Bool { agentTotal > agents.count || jobTypeTotal > jobTypes.count }

    /// Compares bytes: upper case before lower.
    static func byBytes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    func response(isCached: Bool) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.array("agent_names") { list in
                for name in agents { list.value(name) }
            }
            body.array("job_types") { list in
                for name in jobTypes { list.value(name) }
            }
            body.object("counts") { counts in
                counts.member("agent_names", agentTotal)
                counts.member("job_types", jobTypeTotal)
            }
            if isTruncated { body.member("truncated", true) }
            body.member("cache_hit", isCached)
        }
        return .json(writer.bytes)
    }
}
