internal import Core
internal import Notifications
internal import Postgres

/// Why a channel cannot be used.
enum ChannelProblem: Error, Sendable {
    /// It was deleted or disabled.
    case unavailable(String)
    /// Its secrets cannot be opened with this Weir's keys: another Weir may have the key.
    case sealed(SecretBoxError)

    /// What becomes of a delivery over it.
    var outcome: SendOutcome {
        switch self {
        case .unavailable(let why): .refused(status: nil, why: why)
        case .sealed(let error): .again(status: nil, after: nil, why: "a secret of the channel: \(error)")
        }
    }
}

/// Channels with their secrets: sealed when they are stored, opened when they are used. Any thread.
struct ChannelVault: Sendable {
    let pool: Pool
    /// An error when the key cannot be had: what is stored stays as it is.
    let key: Result<SecretBox, SecretBoxError>

    /// The channel as it is now, with its secrets.
    func open(_ id: UUID128) async throws -> ChannelConfiguration {
        let stored = try await pool.withConnection { connection in
            try ChannelStore.find(id, on: connection)
        }
        guard let stored else { throw ChannelProblem.unavailable("The channel was deleted.") }
        return try open(stored)
    }

    /// A stored channel with its secrets.
    func open(_ channel: StoredChannel) throws(ChannelProblem) -> ChannelConfiguration {
        do throws(SecretBoxError) {
            let box = try key.get()
            return try channel.configuration.mappingSecrets { secret throws(SecretBoxError) in
                try box.open(secret, for: Self.place(channel.id))
            }
        } catch {
            throw .sealed(error)
        }
    }

    /// The configuration with its secrets sealed; those that are sealed already stay as they are.
    func sealed(_ configuration: ChannelConfiguration, for id: UUID128) throws(SecretBoxError) -> [UInt8] {
        let box = try key.get()
        return try configuration.mappingSecrets { secret throws(SecretBoxError) in
            SecretBox.isSealed(secret) ? secret : try box.seal(secret, for: Self.place(id))
        }.json
    }

    /// Seals what older keys have sealed with the current one.
    ///
    /// - Returns: how many channels were changed.
    func reseal(on connection: Connection) throws -> Int {
        let box = try key.get()
        var count = 0
        for channel in try ChannelStore.fetchAll(on: connection) {
            var isOutdated = false
            _ = channel.configuration.mappingSecrets { secret in
                isOutdated = isOutdated || box.isOutdated(secret) || !SecretBox.isSealed(secret)
                return secret
            }
            guard isOutdated else { continue }
            let sealed = try sealed(try open(channel), for: channel.id)
            try ChannelStore.replaceConfig(sealed, of: channel.id, on: connection)
            count += 1
        }
        return count
    }

    /// A sealed secret opens in its own channel only.
    private static func place(_ id: UUID128) -> String { "notification_channel/\(id)" }
}

extension StoredChannel {
    /// The configuration as it is stored, with sealed secrets.
    var configuration: ChannelConfiguration {
        guard let document = try? JSONDocument(config) else {
            return ChannelConfiguration(kind: kind, config: .object([]))
        }
        return ChannelConfiguration(kind: kind, config: document.root)
    }
}
