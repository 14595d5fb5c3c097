internal import Core
internal import Postgres

/// Runs as Tower's API shows them: the workflow that the client sent last, and what Weir knows beside it.
enum TowerWorkflowEncoder {
    /// What an answer about one run has beside its row.
    struct Detail {
        let configuration: String?
        let progress: [UInt8]
    }

    private static let fixed = [
        TowerMember("sessionId", "run_id", .text), TowerMember("runName", "run_name", .text),
        TowerMember("submit", "first_utc", .time), TowerMember("start", "start", .time),
        TowerMember("complete", "complete", .time), TowerMember("dateCreated", "first_received_at", .time),
        TowerMember("lastUpdated", "last_received_at", .time), TowerMember("params", "parameters", .json),
        TowerMember("manifest", "manifest", .json), TowerMember("stats", "stats", .json),
        TowerMember("errorMessage", "error_message", .text),
        TowerMember("errorReport", "error_report", .text),
    ]

    private static let others = [
        TowerMember("duration", "duration_ms", .integer), TowerMember("success", "success", .truth),
        TowerMember("exitStatus", "exit_status", .integer), TowerMember("resume", "resume", .truth),
        TowerMember("userName", "user_name", .text), TowerMember("projectName", "project_name", .text),
    ]

    /// Members that every workflow has, also one of which nobody has told anything.
    private static let always = ["commandLine", "workDir", "nextflow"]

    /// A page of runs; `total` is nil when nobody asked for it.
    static func list(_ rows: QueryResult, total: Int64?, hasMore: Bool) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 16384)
        try writer.object { answer in
            try answer.array("workflows") { list in
                for row in rows {
                    try list.object { element in
                        try workflow(row, configuration: nil, to: &element)
                        if let told = try row.optionalUTF8("progress") {
                            element.member("progress", raw: try TowerProgressEncoder.progress(told))
                        } else {
                            element.null("progress")
                        }
                        try beside(row, to: &element)
                    }
                }
            }
            answer.member("totalSize", total)
            answer.member("hasMore", hasMore)
        }
        return writer.bytes
    }

    /// One run.
    static func one(_ row: Row, _ detail: Detail) throws -> [UInt8] {
        var writer = JSONWriter(reservingCapacity: 16384)
        try writer.object { answer in
            try workflow(row, configuration: detail.configuration, to: &answer)
            answer.member("progress", raw: detail.progress)
            try beside(row, to: &answer)
            answer.array("messages") { _ in }
            answer.null("jobInfo")
        }
        return writer.bytes
    }

    private static func beside(_ row: Row, to writer: inout JSONWriter) throws {
        writer.member("workspaceId", try row.optionalInt64("workspace_id"))
        writer.null("workspaceName")
        writer.null("orgId")
        writer.null("orgName")
        writer.member("starred", false)
        writer.member("optimized", false)
        writer.array("labels") { _ in }
    }

    private static func workflow(_ row: Row, configuration: String?, to writer: inout JSONWriter) throws {
        let told = try row.optionalUTF8("workflow").map { try JSONDocument($0, recordedDepth: 1).root }
        try writer.object("workflow") { object in
            let id = try row.optionalText("workflow_id") ?? TowerWorkflowID.make(try row.uuid("run_key"))
            object.member("id", id)
            object.member("status", RunState(rawValue: try row.text("state"))?.towerStatus ?? "UNKNOWN")
            object.member("configText", configuration)
            let written: Set = ["id", "status", "configText"]
            try object.members(told: told, row, fixed: fixed, others: others, written: written)
            for name in always where told?[name] == nil { object.null(name) }
        }
    }
}

extension RunState {
    /// The word that Tower has for it.
    fileprivate var towerStatus: String {
        switch self {
        case .pending: "SUBMITTED"
        case .running: "RUNNING"
        case .stale: "UNKNOWN"
        case .succeeded: "SUCCEEDED"
        case .failed: "FAILED"
        case .aborted: "CANCELLED"
        }
    }
}
