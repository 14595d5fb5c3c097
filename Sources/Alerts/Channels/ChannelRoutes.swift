internal import API
internal import Core
internal import HTTP
internal import Notifications
internal import Postgres

/// `/api/v2/notification-channels`. Contract beampipe §4.2–4.5, §4.8.
struct ChannelRoutes: Sendable {
    let surface: AlertsSurface
    let vault: ChannelVault
    let policy: SecretPolicy
    let tester: ChannelTester
    let metrics: AlertsMetrics
    /// Seals the secrets of the documents of integrations; returns how many were changed.
    let resealDocuments: @Sendable (Connection) throws -> Int

    var all: [Endpoint] { [list, detail, create, change, delete, test, compare, reseal] }

    private static let one = [
        APIAnswer(200, "The channel.", .named(AlertsSchemas.channel)),
        APIAnswer.failure(404, "There is no such channel."),
    ]

    private var list: Endpoint {
        surface.read(
            "/api/v2/notification-channels",
            "All channels by name; their secrets are masked.",
            answers: [APIAnswer(200, "The channels.", .list(.named(AlertsSchemas.channel)))]
        ) { _, connection in
            let channels = try ChannelStore.fetchAll(on: connection)
            return AlertsSurface.json { json in
                json.array { list in
                    for channel in channels { write(channel, to: &list) }
                }
            }
        }
    }

    private var detail: Endpoint {
        surface.read("/api/v2/notification-channels/{id}", "One channel.", answers: Self.one) {
            request,
            connection in
            let id = try AlertsSurface.id(request, of: "channel")
            guard let channel = try ChannelStore.find(id, on: connection) else {
                throw AlertsSurface.notFound("channel")
            }
            return AlertsSurface.json { write(channel, to: &$0) }
        }
    }

    private var create: Endpoint {
        surface.write(
            .post,
            "/api/v2/notification-channels",
            "Adds a channel.",
            body: .named(AlertsSchemas.newChannel),
            answers: [
                APIAnswer(201, "It is stored.", .named(AlertsSchemas.channel)),
                .failure(409, "Another channel has this name."),
            ]
        ) { request, connection in
            var reader = MemberReader(try AlertsSurface.object(request))
            let name = reader.name("name", isRequired: true) ?? ""
            try Ownership.checkName(name)
            let kind = reader.word("kind", ChannelKind.self, isRequired: true)
            if reader.node("config") == nil { reader.miss("config") }
            let isEnabled = reader.flag("enabled") ?? true
            let origin = reader.word("origin", Origin.self) ?? .api
            var configuration: ChannelConfiguration?
            if let kind, let config = reader.node("config") {
                let sent = ChannelConfiguration(kind: kind, config: config)
                reader.refuse(problems(sent))
                configuration = sent
            }
            try reader.finish()
            guard let kind, let configuration else { throw AlertsSurface.notFound("kind") }
            let id = UUID128.timeOrdered(at: request.receivedAt)
            let channel = StoredChannel(
                id: id,
                name: name,
                kind: kind,
                config: try vault.sealed(configuration, for: id),
                isEnabled: isEnabled,
                origin: origin.rawValue,
                createdAt: request.receivedAt
            )
            try store(channel, on: connection)
            return AlertsSurface.json(.created) { write(channel, to: &$0) }
        }
    }

    private var change: Endpoint {
        surface.write(
            .patch,
            "/api/v2/notification-channels/{id}",
            "Changes a channel by the members that are sent; masked secrets stay as they are.",
            body: .named(AlertsSchemas.channelPatch),
            answers: Self.one + [.failure(409, "Another channel has this name.")]
        ) { request, connection in
            var reader = MemberReader(try AlertsSurface.object(request))
            let id = try AlertsSurface.id(request, of: "channel")
            guard var channel = try ChannelStore.fetch(id, on: connection) else {
                throw AlertsSurface.notFound("channel")
            }
            try Ownership.check(channel.origin)
            if let name = reader.name("name") {
                try Ownership.checkName(name)
                channel.name = name
            }
            if let flag = reader.flag("enabled") {
                channel.isEnabled = flag
                channel.disabledReason = nil
            }
            if let origin = reader.word("origin", Origin.self) { channel.origin = origin.rawValue }
            if let patch = reader.node("config") {
                let merged = try vault.open(channel).merging(patch)
                reader.refuse(problems(merged))
                channel.config = try vault.sealed(merged, for: id)
            }
            try reader.finish()
            channel.updatedAt = request.receivedAt
            try store(channel, on: connection)
            return AlertsSurface.json { write(channel, to: &$0) }
        }
    }

    private var delete: Endpoint {
        surface.write(
            .delete,
            "/api/v2/notification-channels/{id}",
            "Deletes a channel; its deliveries stay, and those that wait have failed.",
            answers: [
                APIAnswer(204, "It is gone.", contents: []), .failure(404, "There is no such channel."),
            ]
        ) { request, connection in
            let id = try AlertsSurface.id(request, of: "channel")
            if let channel = try ChannelStore.fetch(id, on: connection) {
                try Ownership.check(channel.origin)
            }
            guard try ChannelStore.delete(id, on: connection) else { throw AlertsSurface.notFound("channel") }
            return Response(status: .noContent)
        }
    }

    private var test: Endpoint {
        surface.endpoint(
            .post,
            "/api/v2/notification-channels/{id}/test",
            .admin,
            "Sends a test over a channel, enabled or not, and says what became of it.",
            [],
            nil,
            [
                APIAnswer(200, "What became of it.", .named(AlertsSchemas.tested)),
                .failure(404, "There is no such channel."),
            ]
        ) { request in
            await tester.answer(request)
        }
    }

    /// Secrets are never shown, so that whoever has them asks whether they are the same.
    private var compare: Endpoint {
        surface.write(
            .post,
            "/api/v2/notification-channels/{id}/compare",
            "Says which fields of a configuration would change by a PATCH with it; stores nothing.",
            body: .named(AlertsSchemas.comparison),
            answers: [
                APIAnswer(200, "The paths of the fields.", .named(AlertsSchemas.compared)),
                .failure(404, "There is no such channel."),
            ]
        ) { request, connection in
            var reader = MemberReader(try AlertsSurface.object(request))
            let id = try AlertsSurface.id(request, of: "channel")
            if reader.node("config") == nil { reader.miss("config") }
            try reader.finish()
            guard let channel = try ChannelStore.find(id, on: connection), let sent = reader.node("config")
            else { throw AlertsSurface.notFound("channel") }
            let stored = try vault.open(channel)
            let changed = stored.config.differences(to: stored.merging(sent).config)
            return AlertsSurface.json { json in
                json.object { body in
                    body.array("changed") { list in
                        for path in changed { list.value(path) }
                    }
                }
            }
        }
    }

    private var reseal: Endpoint {
        surface.write(
            .post,
            "/api/v2/notification-channels/reseal",
            "Seals all secrets with the current key: afterwards older keys can be forgotten.",
            answers: [
                APIAnswer(
                    200,
                    "How many channels and documents were changed.",
                    .named(AlertsSchemas.resealed)
                )
            ]
        ) { _, connection in
            let count = try vault.reseal(on: connection) + resealDocuments(connection)
            return AlertsSurface.json { $0.object { $0.member("resealed", count) } }
        }
    }

    // MARK: - Pieces

    private func problems(_ configuration: ChannelConfiguration) -> [OperatorFailure.Diagnostic] {
        let problems = configuration.problems(policy)
        if problems.contains(where: { $0.code == "config.inline_secret" }) { metrics.rejectedSecret() }
        return problems.map { .init($0.path, $0.code, $0.message, hint: $0.hint) }
    }

    private func store(_ channel: StoredChannel, on connection: Connection) throws {
        guard try !ChannelStore.isTaken(channel.name, by: channel.id, on: connection) else {
            throw OperatorFailure(.conflict, "Another channel is called \(channel.name).")
        }
        try ChannelStore.store(channel, on: connection)
    }

    /// Contract beampipe §4.3; what follows `updated_at` is Weir's own.
    private func write(_ channel: StoredChannel, to writer: inout JSONWriter) {
        // Without the key everything that was sealed is masked all the same.
        let configuration = (try? vault.open(channel)) ?? channel.configuration
        writer.object { object in
            object.member("uuid", channel.id)
            object.member("name", channel.name)
            object.member("kind", channel.kind.rawValue)
            object.member("config", raw: configuration.masked.json)
            object.array("secret_fields") { list in
                for path in configuration.secretFields { list.value(path) }
            }
            object.array("configured_fields") { list in
                for name in configuration.configuredFields { list.value(name) }
            }
            object.member("enabled", channel.isEnabled)
            object.member("created_at", channel.createdAt, offset: .z)
            object.member("updated_at", channel.updatedAt, offset: .z)
            object.member("disabled_reason", channel.disabledReason)
            object.member("origin", channel.origin)
        }
    }
}

/// Who may own a channel or a rule by `/api/v2`.
enum Origin: String, CaseIterable, Sendable {
    case api, file
}
