import Core
import FeatureTestKit
import Ingest
import Journal
import Postgres
import TestKit
import Testing

@testable import Workers

/// Pushes of two Weirs may meet in any order.
@Suite struct `The order of pushes` {
    private static let journal = UUID128("11111111-2222-3333-4444-555555555555") ?? .random()

    /// Every table that an answer is made from, without what says who came first.
    private static let tables = [
        """
        SELECT labels, pushed_id, expires_at, failed_id, cleared_id, deleted_id FROM push_group ORDER BY group_key
        """,
        "SELECT labels, metric_name, f.pushed_id, family FROM push_family f JOIN push_group USING (group_key) ORDER BY group_key, 2",
        "SELECT component_type, name, runtime FROM component ORDER BY 2",
    ]

    private static func changes() throws -> [PushChange] {
        let groups = try ["/metrics/job/a", "/metrics/job/a/l/v", "/metrics/job/b"].map(PushPath.group)
        let actions: [PushChange.Action] = [
            .replace, .add, .add, .delete, .fail, .add, .replace, .add, .delete, .add,
        ]
        return (1...60).map { number in
            let action = actions[number * 7 % actions.count]
            let hasMetrics = action == .replace || action == .add
            return PushChange(
                id: Int64(number) << 22,
                group: groups[number % groups.count],
                action: action,
                expiresAt: number % 4 == 0 ? Timestamp(microseconds: Int64(number) * 1_000_000_000) : nil,
                families: hasMetrics
                    ? [family("m\(number % 3)", number), family("n\(number % 2)", number)] : []
            )
        }
    }

    private static func family(_ name: String, _ value: Int) -> PushedFamily {
        let line = PushedFamily.Line(name: name, labels: .none, value: Double(value))
        return PushedFamily(name: name, type: .gauge, help: nil, lines: [line])
    }

    private static func lines(_ changes: [PushChange]) -> [JournalLine] {
        changes.enumerated().map { index, change in
            JournalLine(
                seq: Int64(index + 1),
                at: Timestamp(microseconds: 1_800_000_000_000_000),
                kind: WorkersLine.Kind.push.rawValue,
                members: WorkersLine.members(
                    Component(key: change.group.component, id: change.group.component.name == "a" ? 7 : 8),
                    ids: [change.id]
                ),
                body: change.line
            )
        }
    }

    /// The rows that batches of lines leave, and what memory shows of the same changes.
    private static func outcome(of batches: [[PushChange]]) throws -> [[String]] {
        let database = try TemporaryDatabase.withSchema()
        let latest = LatestValues()
        let groups = PushGroups(latest: latest, limit: 100)
        let projection = WorkersProjection(groups: groups)
        try Connection.withTemporary(database.target) { connection in
            for batch in batches {
                var elements = try lines(batch).flatMap { try projection.decode($0, journal: journal) }
                try projection.prepare(elements, on: connection)
                try connection.transaction { try projection.apply(stage: 0, to: &elements, on: connection) }
                projection.committed(elements)
            }
        }
        groups.expire(at: .epoch)
        let shown = String(decoding: try MetricsExport().render(latest, at: .now()), as: UTF8.self)
        return try tables.map { try database.rows($0) } + [[shown]]
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `and the cut of batches leave the same rows, and the same export`(seed: UInt64) throws {
        let changes = try Self.changes()
        let expected = try Self.outcome(of: [changes])
        var generator = PushOrder(state: seed)
        var rest = changes.shuffled(using: &generator)[...]
        var batches: [[PushChange]] = []
        while !rest.isEmpty {
            let size = Int.random(in: 1...9, using: &generator)
            batches.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        let actual = try Self.outcome(of: batches)
        #expect(expected[1].count > 3)
        for index in expected.indices { #expect(actual[index] == expected[index]) }
    }
}

/// The same order for the same seed: SplitMix64.
private struct PushOrder: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
