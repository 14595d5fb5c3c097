internal import API
internal import Ingest

/// Which runs `GET /workflow` shows, the newest first.
struct TowerRunQuery: Hashable, Sendable {
    var workspaceID: Int64?
    var limit = 50
    var offset: Int64 = 0
    var search: TowerSearch?
    var countsAll = true

    /// Everything, the first page.
    init() {}

    /// Reads the parameters.
    init(_ reader: inout ParameterReader) {
        typealias Parameters = TowerReadParameters
        _ = reader.text(Parameters.attributes)
        workspaceID =
            reader.value(Parameters.workspace, or: .notNumeric) { text -> Int64?? in
                text.isEmpty ? .some(nil) : Int64(text).map { $0 }
            } ?? nil
        limit = reader.count(Parameters.runs)
        offset = reader.number(Parameters.offset)?.clamped ?? 0
        search = reader.text(Parameters.runSearch).flatMap(TowerSearch.init)
        countsAll = reader.word(Parameters.includeTotalSize) != "false"
    }
}

/// Which tasks of a run `GET /workflow/{id}/tasks` shows.
struct TowerTaskQuery: Hashable, Sendable {
    /// What tasks can be sorted by: the client's names, and the columns.
    static let columns: [(name: String, column: String)] = [
        ("taskId", "task_number"), ("process", "process"), ("tag", "tag"), ("hash", "hash"), ("name", "name"),
        ("status", "status"), ("exit", "exit"), ("attempt", "attempt"), ("submit", "submit_at"),
        ("start", "start_at"), ("complete", "complete_at"), ("duration", "duration_ms"),
        ("realtime", "realtime_ms"), ("cpus", "cpus"), ("memory", "memory"), ("disk", "disk"),
        ("time", "time_ms"),
        ("pcpu", "pct_cpu"), ("pmem", "pct_mem"), ("rss", "rss"), ("vmem", "vmem"), ("peakRss", "peak_rss"),
        ("peakVmem", "peak_vmem"), ("rchar", "rchar"), ("wchar", "wchar"), ("readBytes", "read_bytes"),
        ("writeBytes", "write_bytes"), ("nativeId", "native_id"), ("queue", "queue"),
        ("container", "container"),
        ("workdir", "workdir"), ("executor", "executor"), ("machineType", "machine_type"),
        ("cloudZone", "cloud_zone"), ("priceModel", "price_model"),
    ]

    var limit = 100
    var offset: Int64 = 0
    /// A column of `task`, or `status`.
    var sortedBy = "task_number"
    var isDescending = false
    var search: TowerSearch?

    /// Everything, the first page.
    init() {}

    /// Reads the parameters.
    init(_ reader: inout ParameterReader) {
        typealias Parameters = TowerReadParameters
        _ = reader.text(Parameters.anyWorkspace)
        limit = reader.count(Parameters.tasks)
        offset = reader.number(Parameters.offset)?.clamped ?? 0
        let name = reader.word(Parameters.sortBy)
        sortedBy = Self.columns.first { $0.name == name }?.column ?? "task_number"
        isDescending = reader.word(Parameters.sortDirection)?.lowercased() == "desc"
        search = reader.text(Parameters.taskSearch).flatMap(TowerSearch.init)
    }
}

/// A text that names begin with, where `*` stands for any text.
struct TowerSearch: Hashable, Sendable {
    /// The pattern for `LIKE`.
    let pattern: String
    /// What comes before the first `*`.
    let beginning: String

    /// Nil for a text that everything begins with.
    init?(_ text: String) {
        guard text.contains(where: { $0 != "*" }) else { return nil }
        beginning = String(text.prefix { $0 != "*" })
        let escaped = text.map { character in
            switch character {
            case "*": "%"
            case "%", "_", "\\": "\\\(character)"
            default: String(character)
            }
        }.joined()
        pattern = text.contains("*") ? escaped : escaped + "%"
    }
}
