internal import Core
internal import Postgres

/// The counts of a run as Tower's API shows them: the client's latest, or those of the tasks.
enum TowerProgressEncoder {
    /// The platform's names for what the client sends under others; they are added.
    private static let aliases = [
        ("process", "name"), ("peakTasks", "peakRunning"), ("loadTasks", "running"),
    ]

    private static let counts = [
        "pending", "submitted", "running", "cached", "succeeded", "aborted", "failed", "ignored", "retries",
        "load_cpus", "load_memory",
    ]

    /// `{"progress": …}`.
    static func answer(_ progress: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: progress.count + 16)
        writer.object { $0.member("progress", raw: progress) }
        return writer.bytes
    }

    /// The client's snapshot, its processes apart.
    static func progress(_ told: [UInt8]) throws -> [UInt8] {
        let root = try JSONDocument(told, recordedDepth: 3).root
        let processes = root["processes"].flatMap { $0.kind == .array ? $0 : nil }
        var writer = JSONWriter(reservingCapacity: told.count + 512)
        var count = 0
        writer.object { answer in
            answer.object("workflowProgress") { load in
                write(root, without: "processes", to: &load)
            }
            answer.array("processesProgress") { list in
                guard let processes else { return }
                for process in processes.elements where process.kind == .object {
                    count += 1
                    list.object { load in write(process, to: &load) }
                }
            }
            answer.member("totalProcesses", count)
        }
        return writer.bytes
    }

    private static func write(_ told: JSONNode, without left: String? = nil, to writer: inout JSONWriter) {
        for member in told.members {
            guard let name = member.key.string, name != left else { continue }
            writer.member(name, raw: member.value.rawBytes)
        }
        for (name, source) in aliases where told[name] == nil {
            if let value = told[source] { writer.member(name, raw: value.rawBytes) }
        }
    }

    /// The counts of the tasks, by process.
    static func progress(_ rows: QueryResult) throws -> [UInt8] {
        let values = try rows.map { row in try counts.map { try row.int64(.name($0)) } }
        let sums = counts.indices.map { index in
            values.reduce(Int64(0)) { sum, row in
                // What clients ask for may be anything.
                let (added, overflow) = sum.addingReportingOverflow(row[index])
                return overflow ? .max : added
            }
        }
        let processes = try zip(rows, values).compactMap { row, values in
            try row.optionalText("process").map { ($0, values) }
        }
        var writer = JSONWriter(reservingCapacity: 1024)
        writer.object { answer in
            answer.object("workflowProgress") { load in write(sums, to: &load) }
            answer.array("processesProgress") { list in
                for (index, (name, values)) in processes.enumerated() {
                    list.object { load in
                        load.member("index", index + 1)
                        load.member("name", name)
                        load.member("process", name)
                        write(values, to: &load)
                    }
                }
            }
            answer.member("totalProcesses", processes.count)
        }
        return writer.bytes
    }

    private static func write(_ values: [Int64], to writer: inout JSONWriter) {
        for (name, value) in zip(counts, values) {
            let member = name == "load_cpus" ? "loadCpus" : name == "load_memory" ? "loadMemory" : name
            writer.member(member, value)
            if name == "running" { writer.member("loadTasks", value) }
        }
    }
}
