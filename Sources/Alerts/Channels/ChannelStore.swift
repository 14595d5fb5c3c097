internal import Core
internal import Notifications
internal import Postgres

/// The SQL of `notification_channel`.
enum ChannelStore {
    private static let columns = """
        uuid, name, kind, config::text AS config, enabled, disabled_reason, origin, created_at, updated_at
        """

    /// All of them by name.
    static func fetchAll(on connection: Connection) throws -> [StoredChannel] {
        try connection.execute(
            Statement("channels", "SELECT \(columns) FROM notification_channel ORDER BY name"),
            []
        ).compactMap(channel)
    }

    /// Replaces only the configuration, which says the same as before.
    static func replaceConfig(_ config: [UInt8], of id: UUID128, on connection: Connection) throws {
        try connection.execute(
            "UPDATE notification_channel SET config = $2::jsonb WHERE uuid = $1",
            [.uuid(id), .utf8(config)]
        )
        try Revision.bump(on: connection)
    }

    static func find(_ id: UUID128, on connection: Connection) throws -> StoredChannel? {
        try connection.execute(
            Statement("channel", "SELECT \(columns) FROM notification_channel WHERE uuid = $1"),
            [.uuid(id)]
        ).first.flatMap(channel)
    }

    /// Locks it until the transaction ends.
    static func fetch(_ id: UUID128, on connection: Connection) throws -> StoredChannel? {
        try connection.execute(
            Statement(
                "lock channel",
                "SELECT \(columns) FROM notification_channel WHERE uuid = $1 FOR UPDATE"
            ),
            [.uuid(id)]
        ).first.flatMap(channel)
    }

    /// The ids among these that no channel has.
    static func missing(_ ids: [UUID128], on connection: Connection) throws -> [UUID128] {
        guard !ids.isEmpty else { return [] }
        let rows = try connection.execute(
            Statement("channel ids", "SELECT uuid FROM notification_channel WHERE uuid = ANY ($1::uuid[])"),
            [.uuidArray(ids.map(Optional.some))]
        )
        let known = Set(try rows.map { try $0.uuid("uuid") })
        return ids.filter { !known.contains($0) }
    }

    /// Whether another channel has the name.
    static func isTaken(_ name: String, by id: UUID128, on connection: Connection) throws -> Bool {
        try !connection.execute(
            "SELECT FROM notification_channel WHERE name = $1 AND uuid <> $2",
            [.text(name), .uuid(id)]
        ).isEmpty
    }

    /// Stores a new channel or replaces an old one. A name that is taken is a unique violation (23505).
    static func store(_ channel: StoredChannel, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "store channel",
                """
                INSERT INTO notification_channel (
                    uuid, name, kind, config, enabled, disabled_reason, origin, created_at, updated_at
                )
                VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9)
                ON CONFLICT (uuid) DO UPDATE
                SET name = excluded.name, config = excluded.config, enabled = excluded.enabled,
                    disabled_reason = excluded.disabled_reason, origin = excluded.origin,
                    updated_at = excluded.updated_at
                """
            ),
            [
                .uuid(channel.id), .text(channel.name), .text(channel.kind.rawValue), .utf8(channel.config),
                .bool(channel.isEnabled), .optional(channel.disabledReason), .text(channel.origin),
                .timestamp(channel.createdAt), .optional(channel.updatedAt),
            ]
        )
        if !channel.isEnabled { try settle(channel.id, "The channel is disabled.", on: connection) }
        try Revision.bump(on: connection)
    }

    /// Deletes a channel; false when there is none.
    static func delete(_ id: UUID128, on connection: Connection) throws -> Bool {
        try settle(id, "The channel was deleted.", on: connection)
        let gone = try connection.execute(
            "DELETE FROM notification_channel WHERE uuid = $1",
            [.uuid(id)]
        ).affectedRows
        if gone > 0 { try Revision.bump(on: connection) }
        return gone > 0
    }

    /// Disables a channel whose receiver is gone.
    static func disable(_ id: UUID128, because reason: String, on connection: Connection) throws {
        try connection.execute(
            """
            UPDATE notification_channel
            SET enabled = false, disabled_reason = $2, updated_at = now()
            WHERE uuid = $1
            """,
            [.uuid(id), .text(reason)]
        )
        try settle(id, "The channel was disabled: \(reason)", on: connection)
        try Revision.bump(on: connection)
    }

    /// What waits for a channel that takes nothing any more has failed.
    private static func settle(_ id: UUID128, _ reason: String, on connection: Connection) throws {
        try connection.execute(
            Statement(
                "settle deliveries of channel",
                """
                UPDATE alert_delivery
                SET status = 'failed', error = $2, updated_at = now(), lease_until = NULL
                WHERE channel_id = $1 AND status IN ('pending', 'retrying')
                """
            ),
            [.uuid(id), .text(reason)]
        )
    }

    /// Nil for a kind that this Weir does not know.
    private static func channel(_ row: Row) throws -> StoredChannel? {
        guard let kind = ChannelKind(rawValue: try row.text("kind")) else { return nil }
        return StoredChannel(
            id: try row.uuid("uuid"),
            name: try row.text("name"),
            kind: kind,
            config: try row.utf8("config"),
            isEnabled: try row.bool("enabled"),
            disabledReason: try row.optionalText("disabled_reason"),
            origin: try row.text("origin"),
            createdAt: try row.timestamp("created_at"),
            updatedAt: try row.optionalTimestamp("updated_at")
        )
    }
}
