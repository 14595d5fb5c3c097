internal import API
internal import Core
internal import Ingest
internal import Postgres

/// Tasks as Tower's API shows them: what the client sent, its status as it is by now, and what columns know beyond.
enum TowerTaskEncoder {
    /// A page is larger than an answer may be.
    struct TooLarge: Error {}

    private static let fixed = [TowerMember("status", "status", .text)]

    private static let others = [
        TowerMember("taskId", "task_id", .numeral), TowerMember("hash", "task_hash", .text),
        TowerMember("name", "name", .text), TowerMember("process", "process", .text),
        TowerMember("tag", "tag", .text), TowerMember("exit", "exit", .numeral),
        TowerMember("attempt", "attempt", .integer), TowerMember("errorAction", "error_action", .text),
        TowerMember("submit", "submit_at", .time), TowerMember("start", "start_at", .time),
        TowerMember("complete", "complete_at", .time), TowerMember("duration", "duration_ms", .number),
        TowerMember("realtime", "realtime_ms", .number), TowerMember("cpus", "cpus", .number),
        TowerMember("memory", "memory", .number), TowerMember("disk", "disk", .number),
        TowerMember("time", "time_ms", .number), TowerMember("pcpu", "pct_cpu", .number),
        TowerMember("pmem", "pct_mem", .number), TowerMember("rss", "rss", .number),
        TowerMember("vmem", "vmem", .number), TowerMember("peakRss", "peak_rss", .number),
        TowerMember("peakVmem", "peak_vmem", .number), TowerMember("rchar", "rchar", .number),
        TowerMember("wchar", "wchar", .number), TowerMember("readBytes", "read_bytes", .number),
        TowerMember("writeBytes", "write_bytes", .number), TowerMember("nativeId", "native_id", .numeral),
        TowerMember("queue", "queue", .text), TowerMember("container", "container", .text),
        TowerMember("workdir", "workdir", .text), TowerMember("executor", "executor", .text),
        TowerMember("machineType", "machine_type", .text), TowerMember("cloudZone", "cloud_zone", .text),
        TowerMember("priceModel", "price_model", .text),
        TowerMember("numSpotInterruptions", "spot_interruptions", .integer),
        TowerMember("dateCreated", "first_utc", .time), TowerMember("lastUpdated", "last_utc", .time),
    ]

    /// A page of tasks.
    ///
    /// - Throws: `TooLarge` when it has more than one task and more than `mostBytes`.
    static func list(_ rows: PageRows, total: Int64, mostBytes: Int) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 16384)
        var shown = 0
        try writer.object { answer in
            try answer.array("tasks") { list in
                try rows.read { row in
                    if shown > 0, list.bytes.count >= mostBytes { throw TooLarge() }
                    shown += 1
                    try list.object { element in try write(row, to: &element) }
                    return true
                }
            }
            answer.member("total", total)
        }
        return writer.bytes
    }

    /// One task; nil when there is no row.
    static func one(_ rows: PageRows) throws -> [UInt8]? {
        var writer = JSONWriter(reservingCapacity: 2048)
        var isFound = false
        try rows.read { row in
            isFound = true
            try writer.object { answer in try write(row, to: &answer) }
            return false
        }
        return isFound ? writer.bytes : nil
    }

    private static func write(_ row: Row, to writer: inout JSONWriter) throws {
        try writer.object("task") { task in
            let sent = try row.optionalUTF8("sent").map { try JSONDocument($0, recordedDepth: 1).root }
            try task.members(told: sent, row, fixed: fixed, others: others)
        }
    }
}
