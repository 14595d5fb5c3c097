internal import Core
internal import HTTP
internal import Synchronization

/// The names of agents and job types. Contract §1.10.
struct RunNames: Sendable {
    let agents: [String]
    let jobTypes: [String]
    private let agentTotal: Int64
    private let jobTypeTotal: Int64

    /// Reads the names that most runs have; those of each kind take no more than `bytes`.
    init(_ store: RunsStore, bytes: Int) throws {
        agents = try store.counts("agent_name", bytes: bytes).map(\.value).sorted(by: Self.byBytes)
        jobTypes = try store.counts("job_type", bytes: bytes).map(\.value).sorted(by: Self.byBytes)
        agentTotal = try store.totals("agent_name").names
        jobTypeTotal = try store.totals("job_type").names
    }

    private var isTruncated: Bool { agentTotal > agents.count || jobTypeTotal > jobTypes.count }

    /// Upper case before lower, as bytes are.
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

/// Keeps the names for a moment, until a write of this process drops them; those of other Weirs show when it has passed.
final class MetadataCache: Sendable {
    private static let lifetime = Duration.seconds(5)

    private struct Guarded {
        var names: RunNames?
        var end = ContinuousClock.now
        var generation: UInt64 = 0
    }

    // Guards the names and the number of the write that dropped them last.
    private let guarded = Mutex(Guarded())

    /// The names, while they are fresh.
    var current: RunNames? {
        guarded.withLock { ContinuousClock.now < $0.end ? $0.names : nil }
    }

    /// Names that are being read now; `fill` refuses them when a write has come between.
    func begin() -> UInt64 {
        guarded.withLock { $0.generation }
    }

    func fill(_ names: RunNames, _ generation: UInt64) {
        guarded.withLock { guarded in
            guard guarded.generation == generation else { return }
            guarded.names = names
            guarded.end = .now + Self.lifetime
        }
    }

    func drop() {
        guarded.withLock { guarded in
            guarded.generation += 1
            guarded.names = nil
        }
    }
}
