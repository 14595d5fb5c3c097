internal import Core
internal import HTTP
internal import Postgres

/// The answers of the registry, with the members of both dialects. Contract noetl §2.
enum RegistryEncoder {
    static func registered(_ registration: Registration, _ component: Component) -> Response {
        WorkersRoutes.object { answer in
            answer.member("status", "ok")
            answer.member("name", component.key.name)
            answer.member("runtime", registration.runtimeType)
            identify(component, &answer)
        }
    }

    /// Of a known pool; nil for a heartbeat without a name.
    static func beat(_ component: Component?) -> Response {
        WorkersRoutes.object { answer in
            answer.member("status", "ok")
            answer.member("name", component?.key.name)
            if let component {
                answer.null("runtime")
                identify(component, &answer)
            }
        }
    }

    static func recreated(_ component: Component, runtime: String?) -> Response {
        WorkersRoutes.object { answer in
            answer.member("status", "recreated")
            answer.member("name", component.key.name)
            answer.member("runtime", runtime)
            identify(component, &answer)
        }
    }

    static func deregistered(_ key: ComponentKey, _ component: Component?) -> Response {
        WorkersRoutes.object { answer in
            answer.member("status", "ok")
            answer.member("name", key.name)
            answer.null("runtime")
            answer.member("runtime_id", component?.id)
            answer.member("kind", key.type.rawValue)
            answer.member("component_type", key.type.rawValue)
        }
    }

    private static func identify(_ component: Component, _ answer: inout JSONWriter) {
        answer.member("runtime_id", component.id)
        answer.member("runtime_id_str", String(component.id))
        answer.member("kind", component.key.type.rawValue)
        answer.member("component_type", component.key.type.rawValue)
    }

    // MARK: - Lists

    static func components(_ rows: QueryResult) throws -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { answer in
            try answer.array("components") { list in
                for row in rows {
                    try list.object { component in
                        component.member("runtime_id", try row.int64("runtime_id"))
                        component.member("name", try row.text("name"))
                        component.member("component_type", try row.text("component_type"))
                        component.member("status", try row.text("status"))
                        component.member("last_heartbeat", try row.timestamp("last_heartbeat").isoformat)
                    }
                }
            }
        }
        return writer.bytes
    }

    static func pools(_ rows: QueryResult, runtime: String?, status: String?) throws -> [UInt8] {
        var writer = JSONWriter()
        try writer.object { answer in
            try answer.array("items") { list in
                for row in rows { try list.object { try pool(row, &$0) } }
            }
            answer.member("runtime", runtime)
            answer.member("status", status)
            answer.member("count", rows.count)
            answer.null("error")
        }
        return writer.bytes
    }

    private static func pool(_ row: Row, _ pool: inout JSONWriter) throws {
        pool.member("name", try row.text("name"))
        pool.member("runtime", raw: try row.optionalUTF8("runtime") ?? Array("null".utf8))
        pool.member("status", try row.text("status"))
        pool.member("capacity", try row.optionalInt64("capacity"))
        pool.member("labels", raw: try row.optionalUTF8("labels") ?? Array("null".utf8))
        pool.member("last_heartbeat", try row.timestamp("last_heartbeat").isoformat)
        pool.member("heartbeat", try row.timestamp("last_heartbeat").isoformat)
        pool.member("created_at", try row.timestamp("created_at").isoformat)
        pool.member("updated_at", try row.timestamp("updated_at").isoformat)
    }
}
