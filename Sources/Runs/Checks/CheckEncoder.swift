internal import API
internal import Core
internal import HTTP
internal import Postgres

/// Checks and their pings as answers.
enum CheckEncoder {
    /// A check; its secrets are only for administrators.
    static func write(
        _ check: Check,
        at now: Timestamp,
        showsSecrets: Bool,
        to writer: inout JSONWriter
    ) {
        let (settings, state) = (check.settings, CheckState(check, at: now))
        writer.object { body in
            body.member("id", check.id)
            body.member("name", settings.name)
            body.member("slug", settings.slug)
            body.array("tags") { list in
                for tag in settings.tags { list.value(tag) }
            }
            body.member("project", settings.project)
            body.member("period", settings.period)
            body.member("cron", settings.cron)
            body.member("time_zone", settings.timeZone)
            body.member("grace", settings.grace)
            body.member("state", state.word.rawValue)
            body.member("running", state.isRunning)
            body.member("last_ping_at", check.standing.lastPingAt?.iso8601())
            body.member("last_start_at", check.standing.lastStartAt?.iso8601())
            body.member("due_at", state.dueAt?.iso8601())
            body.member("missed_at", check.missedAt?.iso8601())
            body.member("paused_at", check.pausedAt?.iso8601())
            body.member("created_at", check.createdAt.iso8601())
            body.member("updated_at", check.updatedAt.iso8601())
            guard showsSecrets else { return }
            body.member("ping_uuid", check.pingUUID)
            body.member("ping_path", "/ping/\(check.pingUUID)")
            body.member("ping_key", settings.pingKey)
            body.member(
                "slug_path",
                settings.slug.flatMap { slug in settings.pingKey.map { "/ping/\($0)/\(slug)" } }
            )
        }
    }

    static func response(
        _ check: Check,
        at now: Timestamp,
        showsSecrets: Bool,
        status: Status = .ok
    ) -> Response {
        var writer = JSONWriter()
        write(check, at: now, showsSecrets: showsSecrets, to: &writer)
        return .json(writer.bytes, status: status)
    }

    private static let pings = Statement(
        "pings of a check",
        """
        SELECT id, at, kind, exit_status, rid, event_id, method, remote, user_agent, body, body_bytes
        FROM ping
        WHERE check_id = $1 AND ($2::timestamptz IS NULL OR at < $2)
        ORDER BY at DESC, id
        LIMIT $3
        """
    )

    /// The last pings of a check, the newest first.
    static func pings(
        of check: UUID128,
        before: Timestamp?,
        limit: Int,
        on connection: Connection
    ) throws -> Response {
        var writer = JSONWriter()
        let rows = try connection.execute(pings, [.uuid(check), .optional(before), .int(limit)])
        try writer.array { list in
            for row in rows {
                try list.object { ping in
                    ping.member("id", try row.uuid("id"))
                    ping.member("at", try row.timestamp("at").iso8601())
                    ping.member("kind", try row.text("kind"))
                    ping.member("exit_status", try row.optionalInt64("exit_status"))
                    ping.member("rid", try row.optionalUUID("rid"))
                    ping.member("event_id", try row.optionalText("event_id"))
                    ping.member("method", try row.text("method"))
                    ping.member("remote", try row.text("remote"))
                    ping.member("user_agent", try row.text("user_agent"))
                    ping.member("body", try row.text("body"))
                    ping.member("body_bytes", try row.int64("body_bytes"))
                }
            }
        }
        return .json(writer.bytes)
    }
}

/// The schemas of checks in `/openapi.json`.
enum CheckSchemas {
    private typealias Member = APISchema.Member

    private static let seconds = APIType.integer(0...31_536_000)

    /// The body of a request that makes or changes a check.
    static func sent(_ name: String, isNew: Bool) -> APISchema {
        func text(_ length: ClosedRange<Int>, pattern: String? = nil) -> APIType {
            var type = pattern.map { APIType.matching($0) } ?? APIType.sentText
            (type.shortest, type.longest) = (length.lowerBound, length.upperBound)
            return type
        }
        var tags = APIType.list(text(1...64))
        tags.mostItems = 20
        let period = APIType.integer(1...31_536_000).noting("Seconds from one ping to the next.").orNull
        return APISchema(
            name,
            [
                Member("name", text(1...200), isRequired: isNew),
                Member("slug", text(1...100, pattern: "^[a-z0-9_-]+$").orNull, isRequired: false),
                Member("ping_key", text(16...64, pattern: "^[A-Za-z0-9_-]+$").orNull, isRequired: false),
                Member("tags", tags.orNull, isRequired: false),
                Member("project", text(1...200).orNull, isRequired: false),
                Member("period", period, isRequired: false),
                Member(
                    "cron",
                    text(1...256).noting("Five fields, or a name such as @daily; instead of a period.")
                        .orNull,
                    isRequired: false
                ),
                Member(
                    "time_zone",
                    text(1...64).noting("A name of the IANA database, with a cron expression.").orNull,
                    isRequired: false
                ),
                Member("grace", seconds.orNull, isRequired: false),
            ]
        )
    }

    /// A check in an answer.
    static let check: APISchema = {
        let moment = APIType.moment.orNull
        return APISchema(
            "Check",
            [
                Member("id", .text), Member("name", .text), Member("slug", APIType.text.orNull),
                Member("tags", .list(.text)), Member("project", APIType.text.orNull),
                Member("period", seconds.orNull), Member("cron", APIType.text.orNull),
                Member("time_zone", APIType.text.orNull), Member("grace", seconds),
                Member("state", .word(CheckState.Word.allCases.map(\.rawValue))), Member("running", .flag),
                Member("last_ping_at", moment), Member("last_start_at", moment), Member("due_at", moment),
                Member("missed_at", moment), Member("paused_at", moment), Member("created_at", .moment),
                Member("updated_at", .moment), Member("ping_uuid", .text, isRequired: false),
                Member("ping_path", .text, isRequired: false),
                Member("ping_key", APIType.text.orNull, isRequired: false),
                Member("slug_path", APIType.text.orNull, isRequired: false),
            ]
        )
    }()

    /// A ping in an answer.
    static let ping = APISchema(
        "Ping",
        [
            Member("id", .text), Member("at", .moment),
            Member("kind", .word(Ping.Kind.allCases.map(\.rawValue))),
            Member("exit_status", APIType.integer(0...255).orNull), Member("rid", APIType.text.orNull),
            Member("event_id", APIType.text.orNull), Member("method", .text), Member("remote", .text),
            Member("user_agent", .text), Member("body", .text), Member("body_bytes", .count),
        ]
    )
}
