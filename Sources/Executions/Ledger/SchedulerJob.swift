/// The id of a job with its session and directory: `<session>:<job>|<directory>`. Contract beampipe §5.1.
struct SchedulerJob: Hashable, Sendable {
    /// The most bytes of the text.
    static let longest = 512

    let session: String?
    let job: String
    let directory: String?

    /// Reads the text: the directory may be absent, and a bare job is one, too.
    init(_ text: String) {
        let halves = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
        let name = halves.first ?? ""
        directory = halves.count > 1 && !halves[1].isEmpty ? String(halves[1]) : nil
        guard let colon = name.lastIndex(of: ":") else {
            session = nil
            job = String(name)
            return
        }
        session = String(name[..<colon])
        job = String(name[name.index(after: colon)...])
    }
}

extension SchedulerState {
    /// What Slurm says of a job, as it prints it. Contract beampipe §11.5.
    init(slurm text: String) {
        // `PENDING+RUNNING` is an array of jobs, of which one runs.
        let words = text.uppercased().split(separator: "+").map { $0.prefix { $0 != " " } }
        let states = words.map { Self.slurm[String($0)] ?? .unknown }
        self = states.contains(.running) ? .running : states.first ?? .unknown
    }

    /// The word for it that Slurm has: `RUNNING`.
    var slurmWord: String {
        switch self {
        case .notSubmitted, .unknown: "UNKNOWN"
        case .pending: "PENDING"
        case .running: "RUNNING"
        case .succeeded: "COMPLETED"
        case .failed: "FAILED"
        case .cancelled: "CANCELLED"
        case .timedOut: "TIMEOUT"
        }
    }

    private static let slurm: [String: SchedulerState] = [
        "PENDING": .pending, "CONFIGURING": .pending, "SUSPENDED": .pending, "REQUEUED": .pending,
        "REQUEUE_HOLD": .pending, "REQUEUE_FED": .pending, "RESV_DEL_HOLD": .pending,
        "SPECIAL_EXIT": .pending,
        "STOPPED": .pending,
        "RUNNING": .running, "COMPLETING": .running, "SIGNALING": .running, "STAGE_OUT": .running,
        "RESIZING": .running,
        "COMPLETED": .succeeded,
        "FAILED": .failed, "OUT_OF_MEMORY": .failed, "NODE_FAIL": .failed, "BOOT_FAIL": .failed,
        "LAUNCH_FAILED": .failed, "REVOKED": .failed,
        "CANCELLED": .cancelled, "PREEMPTED": .cancelled,
        "TIMEOUT": .timedOut, "DEADLINE": .timedOut,
    ]
}
