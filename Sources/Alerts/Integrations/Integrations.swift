internal import API
internal import Configuration
internal import Core
internal import Ingest
internal import Logging
internal import Notifications
internal import Outbound
internal import Postgres

/// One integration as clients see it.
struct Integration: Sendable {
    /// With its secrets in clear.
    let document: IntegrationDocument
    let health: IntegrationHealth

    var type: IntegrationType { document.type }

    func status(at now: Timestamp) -> IntegrationStatus { IntegrationStatus(document, health, at: now) }
}

/// The integrations of `/observability`: their documents, and what is made of them. Contract pipelogiq §1, §6.
struct Integrations: Sendable {
    let pool: Pool
    /// An error when the key cannot be had: secrets stay as they are stored.
    let key: Result<SecretBox, SecretBoxError>
    let rows: AlertingRows
    /// Sends test alerts.
    let tester: ChannelTester
    let probe: ReachabilityProbe
    let logger: Logger

    /// The six integrations, those without a row included.
    func list(on connection: Connection) throws -> [Integration] {
        try IntegrationStore.fetchAll(on: connection).map(open)
    }

    private func open(_ stored: IntegrationStore.Stored) -> Integration {
        if stored.document == nil {
            logger.error(
                "the stored configuration of an integration is not a JSON object, and counts as empty",
                metadata: ["type": "\(stored.type.rawValue)"]
            )
        }
        let clear = IntegrationSecrets(type: stored.type).opened(stored.document ?? .object([]), key)
        return Integration(document: IntegrationDocument(stored.type, clear), health: stored.health)
    }

    /// Replaces a document, and the channels and rules that it stands for. Inside a transaction.
    ///
    /// - Throws: 400 for a document that is not valid.
    func save(_ type: IntegrationType, _ sent: JSONValue, at now: Timestamp, on connection: Connection) throws
    {
        try IntegrationStore.ensure(on: connection)
        try IntegrationStore.lock(type, on: connection)
        guard let stored = try IntegrationStore.fetchAll(on: connection).first(where: { $0.type == type })
        else { return }
        let (old, secrets) = (open(stored).document, IntegrationSecrets(type: type))
        let document = IntegrationDocument(type, try secrets.unmasked(sent, old.value))
        try Self.checkOpened(document)
        try document.check()
        let isChanged = !IntegrationDocument.areEqual(document.value, old.value)
        if isChanged { try IntegrationStore.clearHealth(of: type, on: connection) }
        let health = isChanged ? IntegrationHealth() : stored.health
        try IntegrationStore.save(
            type,
            try secrets.sealed(document.value, key),
            IntegrationStatus(document, health, at: now),
            on: connection
        )
        if type == .alerting { try rows.apply(AlertingDocument(document), at: now, on: connection) }
    }

    /// A secret that cannot be opened is kept by nobody.
    private static func checkOpened(_ document: IntegrationDocument) throws(ObservabilityFailure) {
        for member in document.value.members {
            let secrets = IntegrationSecrets(type: document.type)
            guard secrets.contain(.object([member]), SecretBox.isSealed) else { continue }
            throw .config(
                document.type,
                "The stored \(member.name) was sealed with another key: enter it again",
                field: member.name
            )
        }
    }

    // MARK: - An opened database

    /// Takes over documents that the original has written: seals their secrets, and makes the rows of the alerting
    /// document. Runs until it has succeeded once, or the task is cancelled.
    func takeOver() async {
        while !Task.isCancelled {
            do {
                try await pool.withConnection { connection in
                    try connection.transaction { try takeOver(on: connection) }
                }
                return
            } catch let failure as ObservabilityFailure {
                return logger.error(
                    "the stored alerting document cannot be used",
                    metadata: ["why": "\(failure.message)"]
                )
            } catch {
                logger.debug("integrations are not read yet", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func takeOver(on connection: Connection) throws {
        try IntegrationStore.ensure(on: connection)
        for type in IntegrationType.allCases {
            try IntegrationStore.lock(type, on: connection)
        }
        let now = Timestamp.now()
        for stored in try IntegrationStore.fetchAll(on: connection) {
            let isSealed = try seal(stored, on: connection)
            guard stored.type == .alerting, stored.document != nil else { continue }
            let document = AlertingDocument(open(stored).document)
            // A foreign document may have no secret in it, such as one with addresses only.
            if try isSealed || rows.areMissing(document, on: connection) {
                try rows.apply(document, at: now, on: connection)
            }
        }
    }

    /// Seals what is in clear, and what an older key has sealed; false when there was nothing to do.
    private func seal(_ stored: IntegrationStore.Stored, on connection: Connection) throws -> Bool {
        guard let raw = stored.document else { return false }
        let secrets = IntegrationSecrets(type: stored.type)
        let box = try key.get()
        guard secrets.contain(raw, { !$0.isEmpty && (!SecretBox.isSealed($0) || box.isOutdated($0)) }) else {
            return false
        }
        let integration = open(stored)
        try IntegrationStore.save(
            stored.type,
            try secrets.sealed(integration.document.value, key),
            integration.status(at: .now()),
            on: connection
        )
        return true
    }

    /// Seals the secrets of all documents with the current key. Inside a transaction.
    ///
    /// - Returns: how many documents were changed.
    func reseal(on connection: Connection) throws -> Int {
        try IntegrationStore.fetchAll(on: connection).filter { try seal($0, on: connection) }.count
    }
}

extension Integrations {
    /// The integrations of a starting server.
    init(_ parts: AlertsParts, _ server: FeatureSetup) {
        pool = server.pool
        key = parts.vault.key
        rows = AlertingRows(vault: parts.vault, mail: MailDefaults(server.settings))
        tester = parts.tester
        probe = ReachabilityProbe(
            policy: AlertsParts.policy(server.settings),
            proxy: server.settings[AlertsSettings.proxy]
        )
        logger = server.logger
    }
}
