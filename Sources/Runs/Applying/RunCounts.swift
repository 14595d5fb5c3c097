internal import Core

/// Changes of the numbers of runs: by agent, by job type, by the hour of their creation, and by agent, job type and
/// status together.
struct RunCounts {
    /// A changed row of the counts.
    struct Row {
        let facet: String
        let value: String
        let runs: Int64
        /// When the newest of these runs got its status; only if the status is part of the value.
        let lastAt: Timestamp?
    }

    /// The key of the counts for monitoring agents.
    struct Kind: Hashable {
        let agent: String
        let job: String
        let status: String

        /// As a JSON array, so that the texts can't run into each other.
        var text: String {
            var bytes = [UInt8(ascii: "[")]
            for (index, part) in [agent, job, status].enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                bytes += JSONText.quoted(part)
            }
            bytes.append(UInt8(ascii: "]"))
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    private struct Key: Hashable {
        let facet: String
        let value: String
    }

    private struct Count {
        var runs: Int64 = 0
        var lastAt: Timestamp?
    }

    private var counts: [Key: Int64] = [:]
    private var kinds: [Kind: Count] = [:]

    /// Counts a new run.
    mutating func add(new entry: RunTable.Entry) {
        let created = entry.record.createdInstant
        let kind = Kind(entry.record, entry.record.text(.status))
        add(1, kind, createdAt: created ?? entry.receivedAt)
        note(1, kind, at: entry.moment(created))
    }

    /// Counts a run whose status may have changed.
    mutating func add(changed entry: RunTable.Entry) {
        let status = entry.record.text(.status)
        guard status != entry.storedStatus else { return }
        note(-1, Kind(entry.record, entry.storedStatus), at: nil)
        note(1, Kind(entry.record, status), at: entry.moment(nil))
    }

    /// Subtracts deleted runs. The time of the last one of their kind stays.
    mutating func remove(_ runs: Int64, _ kind: Kind, createdAt: Timestamp) {
        add(-runs, kind, createdAt: createdAt)
        note(-runs, kind, at: nil)
    }

    private mutating func add(_ runs: Int64, _ kind: Kind, createdAt: Timestamp) {
        counts[Key(facet: "agent_name", value: kind.agent), default: 0] += runs
        counts[Key(facet: "job_type", value: kind.job), default: 0] += runs
        counts[Key(facet: "created_hour", value: Self.hour(of: createdAt)), default: 0] += runs
    }

    private mutating func note(_ runs: Int64, _ kind: Kind, at moment: Timestamp?) {
        var count = kinds[kind] ?? Count()
        count.runs += runs
        if let moment { count.lastAt = max(count.lastAt ?? moment, moment) }
        kinds[kind] = count
    }

    /// The hour in UTC, as `2026-11-25T10`.
    static func hour(of time: Timestamp) -> String { String(time.iso8601().prefix(13)) }

    /// One row for each changed value.
    var rows: [Row] {
        counts.map { Row(facet: $0.key.facet, value: $0.key.value, runs: $0.value, lastAt: nil) }
            + kinds.map {
                Row(
                    facet: "agent_job_status",
                    value: $0.key.text,
                    runs: $0.value.runs,
                    lastAt: $0.value.lastAt
                )
            }
    }
}

extension RunCounts.Kind {
    fileprivate init(_ record: RunRecord, _ status: String?) {
        self.init(
            agent: record.text(.agentName) ?? "",
            job: record.text(.jobType) ?? "",
            status: status ?? ""
        )
    }
}

extension RunTable.Entry {
    /// When the run got its status: its own end time, else when it was created or its line arrived, and never later
    /// than the line, since a client's clock may be wrong.
    fileprivate func moment(_ created: Timestamp?) -> Timestamp {
        let arrived = statusAt ?? receivedAt
        let told = record.text(.endTime).flatMap { RunTimestamp.instant(of: $0) } ?? created
        return min(told ?? arrived, arrived)
    }
}
