internal import Core
internal import Ingest
internal import Logging
internal import Notifications
internal import Postgres

/// Repeats what fires to channels of kind `alertmanager`, which forget an alert that is not repeated.
///
/// Each Weir runs one; of those that share a database the one that holds the lease works. What is repeated is what the
/// channel was sent last, so that its labels are the same. Repeats are no deliveries: one that is lost is followed by the
/// next. What is silenced is not repeated, and ends there. An end that was sent while a repeat was on its way is sent
/// again behind it, so that the repeat does not bring the alert back.
struct AlertmanagerRepeater: Sendable {
    /// How many alerts one request has.
    static let batch = 100
    /// How many are repeated at most, those that began last.
    private static let most = 10_000

    let channels: ChannelVault
    let send: @Sendable ([AlertNotification], ChannelConfiguration) async -> SendOutcome
    let book: @Sendable (Connection) throws -> IncidentBook
    let pool: Pool
    let lease: WorkLease
    let interval: Duration
    let logger: Logger

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                if try await lease.renew() { _ = try await step() }
            } catch {
                logger.debug("alerts are not repeated", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
        lease.close()
    }

    /// Repeats everything once.
    ///
    /// - Returns: how many alerts were taken.
    func step() async throws -> Int {
        let (due, enabled) = try await pool.withConnection { connection in
            let book = try book(connection)
            let channels = book.configuration.channels.values.filter {
                $0.kind == .alertmanager && $0.isEnabled
            }
            let due = try RepeatStore.fetch(
                to: channels.map(\.id),
                atMost: Self.most,
                unless: { book.configuration.silence(of: $0, at: book.now) != nil },
                on: connection
            )
            return (due, channels)
        }
        var taken = 0
        for channel in enabled {
            guard let repeats = due[channel.id] else { continue }
            taken += try await say(repeats, over: channel)
        }
        return taken
    }

    /// Stops at the first batch that is not taken: the next turn tries again.
    private func say(_ repeats: [RepeatStore.Repeat], over channel: StoredChannel) async throws -> Int {
        guard let open = try? channels.open(channel) else { return 0 }
        var taken = 0
        while taken < repeats.count {
            let batch = Array(repeats[taken..<min(taken + Self.batch, repeats.count)])
            let isTaken = await take(batch.map(\.message), channel, open)
            // Also when there was no answer: it may have arrived.
            let ended = try await pool.withConnection {
                try RepeatStore.ended(of: batch.map(\.incident), to: channel.id, on: $0)
            }
            if !ended.isEmpty { _ = await take(ended, channel, open) }
            guard isTaken else { return taken }
            taken += batch.count
        }
        return taken
    }

    private func take(
        _ messages: [AlertNotification],
        _ channel: StoredChannel,
        _ open: ChannelConfiguration
    ) async -> Bool {
        switch await send(messages, open) {
        case .sent: return true
        case .again(_, _, let why), .refused(_, let why), .gone(_, let why):
            logger.warning(
                "alerts could not be repeated",
                metadata: ["channel": "\(channel.name)", "why": "\(why)"]
            )
            return false
        }
    }
}

/// The SQL of what is repeated.
enum RepeatStore {
    /// What a channel was sent last of an incident.
    struct Repeat: Sendable {
        let incident: UUID128
        let message: AlertNotification
    }

    static let statement = Statement(
        "alert incidents to repeat",
        """
        SELECT \(Incident.columns), d.channel_id, d.delivery, d.message::text AS message
        FROM alert_incident
        CROSS JOIN LATERAL (
            SELECT DISTINCT ON (channel_id) channel_id, uuid AS delivery, message
            FROM alert_delivery
            WHERE incident_id = alert_incident.uuid AND state = 'firing' AND status = 'sent'
              AND channel_id = ANY ($1::uuid[])
            ORDER BY channel_id, position DESC
        ) d
        WHERE alert_incident.status = 'firing' AND notified_at IS NOT NULL
        ORDER BY started_at DESC, alert_incident.uuid DESC
        LIMIT $2
        """
    )

    /// What each channel was sent last of each incident that fires.
    static func fetch(
        to channels: [UUID128],
        atMost count: Int,
        unless isSilenced: ([String: String]) -> Bool,
        on connection: Connection
    ) throws -> [UUID128: [Repeat]] {
        guard !channels.isEmpty else { return [:] }
        let parameters: [Parameter] = [.uuidArray(channels.map(Optional.some)), .int(count)]
        var due: [UUID128: [Repeat]] = [:]
        for row in try connection.execute(statement, parameters) {
            let incident = try Incident(row)
            guard !isSilenced(incident.shownLabels),
                let message = MessageDocument.decode(
                    try row.utf8("message"),
                    id: try row.uuid("delivery"),
                    body: []
                )
            else { continue }
            due[try row.uuid("channel_id"), default: []].append(
                Repeat(incident: incident.id, message: message)
            )
        }
        return due
    }

    /// The ends of those incidents that a channel was told of, or is to be told of, last.
    static func ended(
        of incidents: [UUID128],
        to channel: UUID128,
        on connection: Connection
    ) throws -> [AlertNotification] {
        let rows = try connection.execute(
            Statement(
                "ended alert incidents that were repeated",
                """
                SELECT d.uuid AS delivery, d.message::text AS message
                FROM unnest($1::uuid[]) AS i (uuid)
                CROSS JOIN LATERAL (
                    SELECT uuid, state, message
                    FROM alert_delivery
                    WHERE incident_id = i.uuid AND channel_id = $2
                    ORDER BY position DESC
                    LIMIT 1
                ) d
                WHERE d.state = 'resolved'
                """
            ),
            [.uuidArray(incidents.map(Optional.some)), .uuid(channel)]
        )
        return try rows.compactMap { row in
            MessageDocument.decode(try row.utf8("message"), id: try row.uuid("delivery"), body: [])
        }
    }
}
