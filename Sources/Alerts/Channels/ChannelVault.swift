internal import Core
internal import Notifications
internal import Postgres

/// Why a channel cannot be used.
enum ChannelProblem: Error, Sendable {
    /// It was deleted or disabled.
    case unavailable(String)
    /// Its secrets cannot be opened with this Weir's keys: another Weir may have the key.
    case sealed(SecretBoxError)
    /// Its configuration is not valid any more.
    case invalid(String)

    var outcome: SendOutcome {
        switch self {
        case .unavailable(let why), .invalid(let why): .refused(status: nil, why: why)
        case .sealed(let error): .again(status: nil, after: nil, why: "a secret of the channel: \(error)")
        }
    }
}

/// A channel that can be sent to.
struct OpenChannel: Sendable {
    let kind: ChannelKind
    let configuration: ChannelConfiguration
}

/// Channels with their secrets: sealed when they are stored, opened when they are used.
struct ChannelVault: Sendable {
    let pool: Pool
    let box: SecretBox

    /// The channel as it is now.
    func open(_ id: UUID128) async throws -> OpenChannel {
        let stored = try await pool.withConnection { connection in
            try ChannelStore.fetch(id, on: connection)
        }
        guard let stored else { throw ChannelProblem.unavailable("The channel was deleted.") }
        return try open(stored)
    }

    /// A stored channel with its secrets.
    func open(_ channel: StoredChannel) throws(ChannelProblem) -> OpenChannel {
        let config: [UInt8]
        do throws(SecretBoxError) {
            config = try opened(channel)
        } catch {
            throw .sealed(error)
        }
        return OpenChannel(kind: channel.kind, configuration: try Self.configuration(channel.kind, config))
    }

    /// The configuration with its secrets in clear.
    func opened(_ channel: StoredChannel) throws(SecretBoxError) -> [UInt8] {
        try Self.rewrite(channel) { secret, place throws(SecretBoxError) in
            try box.open(secret, for: place)
        }
    }

    /// The configuration with its secrets sealed.
    func sealed(_ channel: StoredChannel) throws(SecretBoxError) -> [UInt8] {
        try Self.rewrite(channel) { secret, place throws(SecretBoxError) in
            SecretBox.isSealed(secret) ? secret : try box.seal(secret, for: place)
        }
    }

    /// Calls `replace` with each secret and the place that it is bound to.
    private static func rewrite(
        _ channel: StoredChannel,
        _ replace: (_ secret: String, _ place: String) throws(SecretBoxError) -> String
    ) throws(SecretBoxError) -> [UInt8] {
        channel.config
    }

    private static func configuration(_ kind: ChannelKind, _ config: [UInt8]) throws(ChannelProblem)
        -> ChannelConfiguration
    {
        ChannelConfiguration(kind: kind, config: config)
    }
}

/// Until the target has its own.
struct ChannelConfiguration: Sendable {
    let kind: ChannelKind
    let config: [UInt8]
}
