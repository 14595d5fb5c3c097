package import API
package import Configuration
package import Core
internal import Foundation
package import HTTP
package import Ingest
package import Journal
internal import Logging
package import Metrics
package import Postgres
package import TestKit

/// A feature from its endpoints to its rows, with a journal, loaders and a database, and without sockets.
package final class FeatureHarness: Sendable {
    /// The response to a request.
    package struct Answer: Sendable {
        package let status: Int
        package let fields: HeaderFields
        package let text: String

        /// The body, read as JSON.
        package var json: JSONNode {
            get throws { try JSONDocument(Array(text.utf8)).root }
        }
    }

    /// The harness does not support an endpoint that answers through a connection.
    package struct NeedsConnection: Error {}

    package let database: TemporaryDatabase
    package let journal: Journal
    package let pool: Pool
    /// What the feature counts.
    package let registry: Registry
    /// The endpoints of every listener.
    package let endpoints: [Endpoint]
    /// The progress of each stream.
    package let progress: [StreamProgress]
    /// Names of tokens that may send and read, by their secrets: for endpoints that read keys themselves.
    private let keys: [String: String]
    private let directory: String
    private let router: Router<Endpoint>
    private let loading: Task<Void, Never>

    /// Starts a feature on a fresh database with Weir's schema, or on a filled one. `runsTasks` starts its tasks, too.
    package init(
        _ feature: Feature,
        settings: SettingValues = SettingValues(),
        loads: Bool = true,
        runsTasks: Bool = false,
        keys: [String: String] = [:],
        over filled: TemporaryDatabase? = nil
    ) throws {
        self.keys = keys
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        database = try filled ?? TemporaryDatabase.withSchema()
        directory = "/tmp/weir-feature-\(UUID128.random())"
        var configuration = JournalConfiguration(directory: directory)
        configuration.reserveBytes = 0
        journal = try Journal.open(JournalSetup(configuration, clock: { .now() }, logger: logger))
        pool = Pool(database.target)
        registry = Registry()
        var setup = FeatureSetup(
            settings: settings,
            journal: journal,
            pool: pool,
            registry: registry,
            logger: logger,
            dataDirectory: directory,
            loading: FeatureSetup.LoadingOptions(
                registration: JournalRegistration(journal: journal),
                session: SessionSettings(),
                readTimeout: .seconds(30)
            )
        )
        feature.start(in: &setup)
        endpoints = setup.endpoints
        progress = setup.progress
        var router = Router<Endpoint>()
        for endpoint in setup.endpoints + setup.profiles.values.flatMap(\.self) {
            router.add(endpoint.method, endpoint.path, endpoint)
        }
        self.router = router
        let loaders = (loads ? setup.loaders : []) + (runsTasks ? setup.tasks : [])
        loading = Task {
            await withTaskGroup { group in
                for loader in loaders { group.addTask { await loader() } }
            }
        }
    }

    deinit {
        loading.cancel()
        journal.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Sends a request of a caller with these scopes; 404 if there is no such endpoint.
    package func send(
        _ method: Method,
        _ target: String,
        body: String = "",
        fields: HeaderFields = [:],
        as scopes: Set<Scope> = Set(Scope.allCases)
    ) async throws -> Answer {
        try await send(method, target, bytes: Array(body.utf8), fields: fields, as: scopes)
    }

    /// The same with a body that is not text.
    package func send(
        _ method: Method,
        _ target: String,
        bytes: [UInt8],
        fields: HeaderFields = [:],
        as scopes: Set<Scope> = Set(Scope.allCases)
    ) async throws -> Answer {
        let head = RequestHead(method: method, target: target, fields: fields)
        guard case .matched(let endpoint, let parameters, _) = router.resolve(method, head.path) else {
            return Answer(status: 404, fields: [:], text: "")
        }
        let request = Request(
            head: head,
            body: bytes,
            parameters: parameters,
            id: fields["X-Request-Id"] ?? "request-1",
            caller: "tester",
            receivedAt: .now()
        )
        let refusal = endpoint.limiter?.refusal(of: request)
        let response: Response
        if let refusal {
            response = refusal
        } else {
            response = try await answer(endpoint.handler, request, scopes)
        }
        let text: String
        switch response.body {
        case .empty: text = ""
        case .bytes(let bytes): text = String(decoding: bytes, as: UTF8.self)
        case .stream(let stream): text = try await Self.text(of: stream)
        }
        return Answer(status: response.status.code, fields: response.fields, text: text)
    }

    private static func text(of stream: ByteStream) async throws -> String {
        var bytes: [UInt8] = []
        for try await piece in stream { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func answer(
        _ handler: Endpoint.Handler,
        _ request: Request,
        _ scopes: Set<Scope>
    ) async throws -> Response {
        switch handler {
        case .keyed(let handle): await handle(request, caller(request.head.fields, scopes))
        case .async(let handle): await handle(request)
        case .graded(let handle): await handle(request, scopes)
        case .callback: throw NeedsConnection()
        }
    }

    private func caller(_ fields: HeaderFields, _ scopes: Set<Scope>) -> Caller {
        let known: @Sendable (String) -> Caller.Known? = { [keys] key in
            keys[key].map { Caller.Known(name: $0, scopes: [.ingest, .read]) }
        }
        let bearer = fields["Authorization"].map { String($0.dropFirst("Bearer ".count)) }
        let own = [bearer, fields["X-API-Key"]].compactMap(\.self).compactMap(known).first
        return Caller(name: own?.name, scopes: scopes.union(own?.scopes ?? []), lookUp: known)
    }
}
