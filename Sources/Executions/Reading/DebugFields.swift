internal import Core

/// Where to look at an execution's session and job. Contract beampipe §5.1.
///
/// A URL without its session would lead to the list of all: it is null (D31).
struct DebugFields: Hashable, Sendable {
    private(set) var sessionStatusURL: String?
    private(set) var graphStatusURL: String?
    private(set) var logsURL: String?
    private(set) var slurmSessionDir: String?
    private(set) var slurmLoginNode: String?
    private(set) var slurmRemoteUser: String?

    init(_ execution: Execution) {
        let deployment = execution.tree(.deploymentProfileSnapshot)?["deployment"]
        switch execution.text(.schedulerName) {
        case "daliuge":
            guard let base = Self.base(execution, deployment),
                let session = execution.text(.daliugeSessionID), !session.isEmpty
            else { return }
            let root = "\(base)/api/sessions/\(Self.encoded(session))"
            sessionStatusURL = "\(root)/status"
            graphStatusURL = "\(root)/graph/status"
            logsURL = "\(root)/logs"
        case "slurm":
            slurmSessionDir =
                execution.text(.remoteSessionDir)
                ?? execution.text(.schedulerJobID).flatMap { SchedulerJob($0).directory }
            guard let node = deployment?["login_node"]?.string, !node.isEmpty else { return }
            slurmLoginNode = node
            slurmRemoteUser = deployment?["remote_user"]?.string
        default: return
        }
    }

    /// Writes the five members.
    func write(to body: inout JSONWriter) {
        body.member("dim_session_status_url", sessionStatusURL)
        body.member("dim_graph_status_url", graphStatusURL)
        body.member("slurm_session_dir", slurmSessionDir)
        body.member("slurm_login_node", slurmLoginNode)
        body.member("slurm_remote_user", slurmRemoteUser)
    }

    private static func base(_ execution: Execution, _ deployment: JSONTree?) -> String? {
        if let url = execution.text(.daliugeManagerURL), url.contains(where: { !$0.isWhitespace }) {
            return trimmed(url)
        }
        guard let host = deployment?["deploy_host"]?.string, !host.isEmpty else { return nil }
        let isSecure = deployment?["use_https"] == .other(Array("true".utf8))
        var port = 8001
        if case .other(let bytes)? = deployment?["deploy_port"] ?? deployment?["port"],
            let number = Int(String(decoding: bytes, as: UTF8.self))
        {
            port = number
        }
        let suffix = port == 80 ? "" : ":\(port)"
        return trimmed("\(isSecure ? "https" : "http")://\(host)\(suffix)")
    }

    private static func trimmed(_ url: String) -> String {
        var text = url.drop(while: \.isWhitespace)
        while let last = text.last, last == "/" || last.isWhitespace { text.removeLast() }
        return String(text)
    }

    /// Everything but `A-Za-z0-9-_.~` is escaped.
    private static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isPlain =
                (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || [0x2D, 0x5F, 0x2E, 0x7E].contains(byte)
            if isPlain {
                bytes.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
