internal import Core
internal import Ingest
internal import Postgres

/// The SQL that applies pushes to the rows of their groups.
enum PushApplyStore {
    private static let mergeGroups = Statement(
        "merge push groups",
        file: PackageResources.merge_push_groups_sql
    )
    private static let mergeFamilies = Statement(
        "merge push families",
        file: PackageResources.merge_push_families_sql
    )
    private static let clear = Statement(
        "clear push families",
        """
        DELETE FROM push_family f
        USING push_group g
        WHERE g.group_key = ANY ($1::uuid[]) AND f.group_key = g.group_key AND f.pushed_id < g.cleared_id
        """
    )

    /// What the changes of a batch make of a group, whatever their order.
    private struct Merged {
        let group: PushGroup
        var pushedID: Int64 = 0
        var expiresAt: Timestamp?
        var failedID: Int64 = 0
        var clearedID: Int64 = 0
        var deletedID: Int64 = 0
        var families: [String: (PushedFamily, pushedID: Int64, expiresAt: Timestamp?)] = [:]

        mutating func add(_ change: PushChange) {
            if change.action != .delete, change.id > max(pushedID, failedID) { expiresAt = change.expiresAt }
            switch change.action {
            case .replace, .add:
                if change.action == .replace { clearedID = max(clearedID, change.id) }
                pushedID = max(pushedID, change.id)
            case .delete:
                clearedID = max(clearedID, change.id)
                deletedID = max(deletedID, change.id)
            case .fail: failedID = max(failedID, change.id)
            }
            for family in change.families where change.id > families[family.name]?.pushedID ?? 0 {
                families[family.name] = (family, change.id, change.expiresAt)
            }
        }
    }

    /// Applies changes: of two the one with the later id wins.
    static func apply(_ changes: [PushChange], on connection: Connection) throws {
        guard !changes.isEmpty else { return }
        var merged: [UUID128: Merged] = [:]
        for change in changes {
            merged[change.group.key, default: Merged(group: change.group)].add(change)
        }
        let groups = merged.values.sorted { $0.group.key < $1.group.key }
        try connection.execute(
            mergeGroups,
            [
                .uuidArray(groups.map(\.group.key)), .textArray(groups.map { text($0.group.labels.json) }),
                .int64Array(groups.map(\.pushedID)), .textArray(groups.map { $0.expiresAt?.iso8601() }),
                .int64Array(groups.map(\.failedID)), .int64Array(groups.map(\.clearedID)),
                .int64Array(groups.map(\.deletedID)),
            ]
        )
        try insertFamilies(groups, on: connection)
        let cleared = groups.filter { $0.clearedID > 0 }.map(\.group.key)
        if !cleared.isEmpty { try connection.execute(clear, [.uuidArray(cleared)]) }
    }

    private static func insertFamilies(_ groups: [Merged], on connection: Connection) throws {
        let rows = groups.flatMap { group in
            group.families.values.sorted { $0.0.name < $1.0.name }.map { (group.group.key, $0) }
        }
        guard !rows.isEmpty else { return }
        try connection.execute(
            mergeFamilies,
            [
                .uuidArray(rows.map(\.0)), .textArray(rows.map(\.1.0.name)),
                .int64Array(rows.map(\.1.pushedID)), .textArray(rows.map { $0.1.expiresAt?.iso8601() }),
                .textArray(
                    rows.map { row in
                        var json = JSONWriter()
                        row.1.0.write(to: &json)
                        return json.text
                    }
                ),
            ]
        )
    }

    private static func text(_ json: [UInt8]?) -> String { String(decoding: json ?? [], as: UTF8.self) }
}
