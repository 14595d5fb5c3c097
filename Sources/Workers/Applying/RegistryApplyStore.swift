internal import Core
internal import Ingest
internal import Postgres

/// The SQL that applies registrations, heartbeats and sweeps.
enum RegistryApplyStore {
    private static let register = Statement(
        "register component",
        file: PackageResources.register_component_sql
    )
    private static let beat = Statement("beat components", file: PackageResources.beat_components_sql)
    private static let settle = Statement("settle statuses", file: PackageResources.settle_statuses_sql)

    private static let adopt = Statement(
        "adopt components",
        """
        INSERT INTO component (
            runtime_id, component_type, name, status, runtime, last_heartbeat, created_at, updated_at, reported_status
        )
        SELECT c.runtime_id, c.component_type, c.name, '', $5::jsonb, c.at, c.at, c.at, 'ready'
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) AS c (runtime_id, component_type, name, at)
        ORDER BY c.component_type, c.name
        ON CONFLICT (component_type, name) DO NOTHING
        """
    )

    private static let deregister = Statement(
        "deregister components",
        """
        UPDATE component r
        SET deregistered_at = greatest(r.deregistered_at, d.at), updated_at = greatest(r.updated_at, d.at)
        FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS d (component_type, name, at)
        WHERE r.component_type = d.component_type AND r.name = d.name
        """
    )

    private static let sweep = Statement(
        "sweep components",
        """
        UPDATE component r
        SET swept_before = greatest(r.swept_before, $1), updated_at = greatest(r.updated_at, $2)
        WHERE r.status <> 'offline' AND r.last_heartbeat < $1
          -- What pushes samples sends no heartbeats.
          AND coalesce(r.runtime ->> 'type', '') NOT IN ('pushgateway', 'remote_write', 'otlp')
        RETURNING r.component_type, r.name
        """
    )

    /// Applies the lines that concern the registry, and makes the components of reports that are missing.
    static func apply(_ elements: [WorkersElement], on connection: Connection) throws {
        var beats: [ComponentKey: (Component, Timestamp)] = [:]
        var reporters: [ComponentKey: (Component, Timestamp)] = [:]
        var writers: [ComponentKey: (Component, Timestamp)] = [:]
        var pushers: [ComponentKey: (Component, Timestamp)] = [:]
        var services: [ComponentKey: (Component, Timestamp)] = [:]
        var ends: [ComponentKey: Timestamp] = [:]
        var touched: Set<ComponentKey> = []
        for element in elements {
            switch element.operation {
            case .register(let component, let registration):
                try insert(registration, component, at: element.at, on: connection)
                touched.insert(component.key)
            case .heartbeat(let component):
                beats[component.key] = (component, max(element.at, beats[component.key]?.1 ?? element.at))
            case .report(let component, _):
                if reporters[component.key] == nil { reporters[component.key] = (component, element.at) }
            case .push(let change, let component, _) where change.action != .delete:
                if pushers[component.key] == nil { pushers[component.key] = (component, element.at) }
            case .remoteWrite(let write):
                for (component, _) in write.components where writers[component.key] == nil {
                    writers[component.key] = (component, element.at)
                }
            case .measurements(let component, _):
                if services[component.key] == nil { services[component.key] = (component, element.at) }
            case .deregister(let key): ends[key] = max(element.at, ends[key] ?? element.at)
            case .sweep, .ttl, .push, .seriesLimit: break
            }
        }
        try upsert(beats, beat, on: connection)
        try upsert(reporters, adopt, Self.unknownRuntime, on: connection)
        try upsert(writers, adopt, Self.remoteWriteRuntime, on: connection)
        try upsert(pushers, adopt, Self.pushgatewayRuntime, on: connection)
        try upsert(services, adopt, Self.otlpRuntime, on: connection)
        try end(ends, on: connection)
        touched.formUnion(beats.keys)
        touched.formUnion(reporters.keys)
        touched.formUnion(writers.keys)
        touched.formUnion(pushers.keys)
        touched.formUnion(services.keys)
        touched.formUnion(ends.keys)
        for element in elements {
            guard case .sweep(let before) = element.operation else { continue }
            for row in try connection.execute(sweep, [.timestamp(before), .timestamp(element.at)]) {
                touched.formUnion([try key(row)].compactMap(\.self))
            }
        }
        try OutboxStore.insert(
            elements.compactMap { element in
                guard case .seriesLimit(let component, let limit) = element.operation else { return nil }
                return SeriesLimitNotice.event(of: component, limit: limit, at: element.at)
            },
            on: connection
        )
        try settle(touched, at: elements.last?.at ?? .epoch, on: connection)
    }

    private static func insert(
        _ registration: Registration,
        _ component: Component,
        at: Timestamp,
        on connection: Connection
    ) throws {
        try connection.execute(
            register,
            [
                .int64(component.id), .text(component.key.type.rawValue), .text(component.key.name),
                .optional(registration.address), .text(registration.status ?? "ready"),
                registration.labels.map(Parameter.utf8) ?? .null, .optional(registration.capacity),
                .utf8(registration.runtime), .timestamp(at),
            ]
        )
    }

    private static func upsert(
        _ components: [ComponentKey: (component: Component, at: Timestamp)],
        _ statement: Statement,
        _ runtime: Parameter? = nil,
        on connection: Connection
    ) throws {
        guard !components.isEmpty else { return }
        let rows = Array(components.values)
        try connection.execute(
            statement,
            [
                .int64Array(rows.map(\.component.id)), .textArray(rows.map(\.component.key.type.rawValue)),
                .textArray(rows.map(\.component.key.name)), .timestampArray(rows.map(\.at)),
            ] + [runtime].compactMap(\.self)
        )
    }

    private static let unknownRuntime = Parameter.text(#"{"type": "unknown", "adopted": true}"#)
    private static let remoteWriteRuntime = Parameter.text(#"{"type": "remote_write"}"#)
    private static let otlpRuntime = Parameter.text(#"{"type": "otlp"}"#)
    private static let pushgatewayRuntime = Parameter.text(#"{"type": "pushgateway"}"#)

    private static func end(_ ends: [ComponentKey: Timestamp], on connection: Connection) throws {
        guard !ends.isEmpty else { return }
        let rows = Array(ends)
        try connection.execute(
            deregister,
            [
                .textArray(rows.map(\.key.type.rawValue)), .textArray(rows.map(\.key.name)),
                .timestampArray(rows.map(\.value)),
            ]
        )
    }

    private static func settle(_ keys: Set<ComponentKey>, at: Timestamp, on connection: Connection) throws {
        guard !keys.isEmpty else { return }
        let keys = Array(keys)
        let changes = try connection.execute(
            settle,
            [.textArray(keys.map(\.type.rawValue)), .textArray(keys.map(\.name))]
        )
        var events: [OutboxEvent] = []
        var hasNew = false
        for row in changes {
            guard let key = try key(row) else { continue }
            let old = try row.text("old_status")
            hasNew = hasNew || old.isEmpty
            let new = try row.text("new_status")
            let isStopped = try row.optionalBool("is_deregistered") ?? false
            if let change = ComponentChange(from: old, to: new, isDeregistered: isStopped) {
                events.append(try change.event(of: key, at: at, row))
            }
        }
        try OutboxStore.insert(events, on: connection)
        if hasNew { try connection.execute(notify, [.text(Self.channel)]) }
    }

    /// Notified when a new component is stored: `TableWatch`.
    static let channel = "weir_components"

    private static let notify = Statement("announce components", "SELECT pg_notify($1, '')")

    private static func key(_ row: Row) throws -> ComponentKey? {
        guard let type = ComponentType(rawValue: try row.text("component_type")) else { return nil }
        return ComponentKey(type: type, name: try row.text("name"))
    }
}
