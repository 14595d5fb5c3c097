internal import Core
internal import HTTP

/// The response to a batch. Contract §1.5.
struct BatchAnswer {
    /// The most bytes of errors in a response: those of some ten thousand runs with ids of usual length.
    static let mostErrorBytes = 2 << 20

    private(set) var inserted = 0
    private(set) var duplicates = 0
    private var errors: [String] = []
    private var errorBytes = 0
    private var unlisted = 0
    private let total: Int

    /// Counts the outcomes of the runs; a run without an outcome was refused by PostgreSQL.
    init(_ drafts: [RunDraft], _ outcomes: RunsProjection.Outcomes) {
        total = drafts.count
        for (place, draft) in drafts.enumerated() {
            switch outcomes[place] {
            case .created: inserted += 1
            case .duplicate: duplicates += 1
            default: note(draft)
            }
        }
    }

    private mutating func note(_ draft: RunDraft) {
        let idBytes = draft.record[.eventID]?.count ?? 0
        guard unlisted == 0, errorBytes + idBytes < Self.mostErrorBytes else {
            unlisted += 1
            return
        }
        let error = "\(draft.eventID): \(Self.reason(draft))"
        errorBytes += error.utf8.count
        errors.append(error)
    }

    private static func reason(_ draft: RunDraft) -> String {
        guard let conflict = draft.conflicts.first else {
            return "refused by PostgreSQL; see `weir dead-letters list`"
        }
        return "CHECK constraint failed: \(conflict.constraint)"
    }

    var response: Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("inserted", inserted)
            body.member("duplicates", duplicates)
            body.array("errors") { list in
                for error in errors { list.value(error) }
                if unlisted > 0 {
                    list.value("\(unlisted) more runs were not stored; this answer has no room for their ids")
                }
            }
            body.member("total", total)
        }
        return .json(writer.bytes)
    }
}
