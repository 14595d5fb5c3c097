internal import Core

/// What a backend notes of a run, under `beampipe_run_record` of the manifest. Contract beampipe §5.5.
enum RunRecord {
    /// The member of the manifest.
    static let member = "beampipe_run_record"
    /// The most bytes of a raw text; `...` follows what is cut.
    static let longestText = 512

    private static let rawTexts: Set<String> = ["raw", "error", "reason", "stderr"]

    /// A record with what is new in it.
    ///
    /// Members are merged, one object deep. The first terminal record of a session or a job stays: later ones of the same
    /// may only add `ledger_status`. An escalation is written once. Lists of old observations are left out.
    static func merged(_ stored: JSONTree?, with news: JSONTree) -> JSONTree {
        var record = stored ?? .empty
        for member in bounded(news).members {
            guard case .object(let parts) = member.value, case .object? = record[member.name] else {
                record[member.name] = member.value
                continue
            }
            var part = record[member.name] ?? .empty
            for new in parts { part[new.name] = merged(part, new, with: member.value) }
            record[member.name] = part
        }
        return record
    }

    private static func merged(_ stored: JSONTree, _ new: JSONTree.Member, with news: JSONTree) -> JSONTree {
        guard let old = stored[new.name] else { return new.value }
        switch new.name {
        case "terminal" where isSame(old, of: stored, new.value, of: news):
            var frozen = old
            if frozen["ledger_status"] == nil { frozen["ledger_status"] = new.value["ledger_status"] }
            return frozen
        case "operator_escalation": return old
        default: return new.value
        }
    }

    /// Whether two terminal records are about the same session or job: those that name none are.
    private static func isSame(
        _ old: JSONTree,
        of oldPart: JSONTree,
        _ new: JSONTree,
        of newPart: JSONTree
    ) -> Bool {
        for name in ["session_id", "composite_scheduler_job_id", "slurm_job_id_ref", "slurm_job_id"] {
            guard let before = old[name] ?? oldPart[name], let after = new[name] ?? newPart[name] else {
                continue
            }
            if before != after { return false }
        }
        return true
    }

    /// The record with its raw texts cut, and without lists of old observations.
    static func bounded(_ record: JSONTree) -> JSONTree {
        var record = record
        for member in record.members {
            var part = member.value
            guard case .array? = part["observations"] else { continue }
            part["observations"] = nil
            record[member.name] = part
        }
        return record.mappingTexts { name, text in rawTexts.contains(name) ? cut(text) : text }
    }

    /// At most 512 bytes of a text, cut before a character that would exceed them.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: longestText)
        // A byte that continues a character is no place to cut.
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return String(decoding: text.utf8[..<end], as: UTF8.self) + "..."
    }
}
