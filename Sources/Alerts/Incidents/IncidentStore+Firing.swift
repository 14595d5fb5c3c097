internal import Core
internal import Notifications
internal import Postgres

extension IncidentStore {
    private static let fire = Statement("fire alert incidents", file: PackageResources.fire_incidents_sql)

    /// Notes what rules have found; returns the incidents in that order.
    static func fire(
        _ firings: [Firing],
        flapWindow: Duration,
        on connection: Connection
    ) throws -> [FiredIncident] {
        guard !firings.isEmpty else { return [] }
        let parameters = parameters(of: firings) + [.double(flapWindow / .seconds(1))]
        let rows = try connection.execute(fire, parameters)
        let ids = try rows.map { try $0.uuid("uuid") }
        let incidents = try fetch(ids, on: connection)
        return try zip(rows, ids).compactMap { row, id in
            let place = try row.int("place") - 1
            guard let incident = incidents[id], firings.indices.contains(place) else { return nil }
            let firing = firings[place]
            return FiredIncident(
                incident: incident,
                rule: firing.rule,
                isKnown: try row.bool("is_known"),
                count: firing.count
            )
        }
    }

    private static func parameters(of firings: [Firing]) -> [Parameter] {
        func texts(_ value: (Finding) -> String?) -> Parameter {
            .textArray(firings.map { value($0.finding) })
        }
        func json(_ value: (Finding) -> [UInt8]) -> Parameter {
            texts { String(decoding: value($0), as: UTF8.self) }
        }
        return [
            .uuidArray(firings.map { _ in .timeOrdered() }),
            .uuidArray(firings.map(\.rule.id)),
            .textArray(firings.map(\.rule.name)),
            texts(\.key),
            .boolArray(firings.map(\.finding.isMomentary)),
            texts(\.event), texts(\.alert), texts(\.severity.rawValue), texts { $0.labels["project"] },
            texts(\.title), texts(\.summary),
            json { LabelsJSON.encode($0.labels) }, json { facts($0.facts) }, json(\.links),
            json { sources($0.sources) },
            .doubleArray(firings.map(\.finding.value)),
            .timestampArray(firings.map(\.beganAt)),
            .timestampArray(firings.map(\.finding.at)),
            .int64Array(firings.map(\.count)),
            .int64Array(firings.map { Int64($0.rule.cooldown) }),
        ]
    }

    private static func facts(_ facts: [AlertNotification.Fact]) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { object in
            for fact in facts { object.member(fact.name, raw: fact.json) }
        }
        return writer.bytes
    }

    private static func sources(_ sources: [String]) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            for source in sources { list.value(source) }
        }
        return writer.bytes
    }

    private static func fetch(_ ids: [UUID128], on connection: Connection) throws -> [UUID128: Incident] {
        let rows = try connection.execute(
            Statement(
                "alert incidents by id",
                "SELECT \(Incident.columns) FROM alert_incident WHERE uuid = ANY ($1::uuid[])"
            ),
            [.uuidArray(ids.map(Optional.some))]
        )
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.uuid("uuid"), try Incident($0)) })
    }

    /// Of incidents, those that share a cooldown with one that people were told of, within it.
    static func coolingDown(_ fired: [FiredIncident], on connection: Connection) throws -> Set<UUID128> {
        var cooling: Set<UUID128> = []
        for (sharing, group) in Dictionary(
            grouping: fired.filter { $0.rule.cooldown > 0 },
            by: \.rule.dedupeBy
        ) {
            let rows = try connection.execute(
                cooldown(sharing),
                [
                    .uuidArray(group.map(\.incident.id)), .uuidArray(group.map(\.rule.id)),
                    .textArray(group.map { sharing == .project ? $0.incident.project : $0.incident.key }),
                    .int64Array(group.map { Int64($0.rule.cooldown) }),
                ]
            )
            for row in rows { cooling.insert(try row.uuid("uuid")) }
        }
        return cooling
    }

    /// A clock that was set back must not hold people's messages back for as long: of a time to come nobody was told.
    private static func cooldown(_ sharing: AlertRule.DedupeBy) -> Statement {
        let shared =
            switch sharing {
            case .rule: "true"
            case .project: "i.project IS NOT DISTINCT FROM f.shared"
            case .subject: "i.key = f.shared"
            }
        return Statement(
            "alert cooldown by \(sharing.rawValue)",
            """
            SELECT f.uuid
            FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[]) AS f (uuid, rule_id, shared, cooldown)
            WHERE EXISTS (
                SELECT
                FROM alert_incident i
                WHERE i.rule_id = f.rule_id AND \(shared)
                  AND i.notified_at > now() - f.cooldown * interval '1 second'
                  AND i.notified_at < now() + interval '1 minute'
            )
            """
        )
    }
}
