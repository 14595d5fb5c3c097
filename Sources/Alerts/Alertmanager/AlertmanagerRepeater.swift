internal import Core
internal import Ingest
internal import Logging
internal import Notifications
internal import Postgres

/// Repeats what fires to channels of kind `alertmanager`, which forget an alert that is not repeated.
///
/// Each Weir runs one; of those that share a database the one that holds the lease works. What is repeated is what the
/// channel was sent last, so that its labels are the same. Repeats are no deliveries: one that is lost is followed by the
/// next. What is silenced is not repeated, and ends there.
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
            guard let messages = due[channel.id] else { continue }
            taken += await say(messages, over: channel)
        }
        return taken
    }

    /// Stops at the first batch that is not taken: the next turn tries again.
    private func say(_ messages: [AlertNotification], over channel: StoredChannel) async -> Int {
        guard let open = try? channels.open(channel) else { return 0 }
        var taken = 0
        while taken < messages.count {
            let batch = Array(messages[taken..<min(taken + Self.batch, messages.count)])
            switch await send(batch, open) {
            case .sent: taken += batch.count
            case .again(_, _, let why), .refused(_, let why), .gone(_, let why):
                logger.warning(
                    "firing alerts could not be repeated",
                    metadata: ["channel": "\(channel.name)", "why": "\(why)"]
                )
                return taken
            }
        }
        return taken
    }
}

/// The SQL of what is repeated.
enum RepeatStore {
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
    ) throws -> [UUID128: [AlertNotification]] {
        guard !channels.isEmpty else { return [:] }
        let parameters: [Parameter] = [.uuidArray(channels.map(Optional.some)), .int(count)]
        var due: [UUID128: [AlertNotification]] = [:]
        for row in try connection.execute(statement, parameters) {
            guard try !isSilenced(Incident(row).shownLabels),
                let message = MessageDocument.decode(
                    try row.utf8("message"),
                    id: try row.uuid("delivery"),
                    body: []
                )
            else { continue }
            due[try row.uuid("channel_id"), default: []].append(message)
        }
        return due
    }
}
