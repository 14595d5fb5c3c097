import Core
import Foundation
import HTTP
import Journal
import Logging
import Migrations
import Postgres
import TestKit

@testable import API
@testable import Ingest
@testable import Runs

/// The runs surface from its routes to its rows: a journal, a loader, a database; no sockets.
final class RunsHarness: Sendable {
    let database: TemporaryDatabase
    let progress = StreamProgress(stream: "runs")
    let journal: Journal
    let pool: Pool
    /// Of every listener.
    let routes: [Endpoint]
    private let directory: String
    private let router: Router<Endpoint>
    private let loading: Task<Void, Never>

    /// A fresh database, or one that another harness has filled.
    init(
        duplicateStatus: Status = .created,
        loads: Bool = true,
        mostRuns: Int = 10_000,
        pageBytes: Int = PageLimit.defaultBytes,
        patience: Duration = .seconds(3),
        mostBytes: Int = 64 << 20,
        over filled: TemporaryDatabase? = nil
    ) async throws {
        database =
            try filled
            ?? TemporaryDatabase.make(preparedAs: "weir-schema") { connection in
                for step in SchemaMigrations.steps { try connection.executeScript(step.sql) }
            }
        directory = NSTemporaryDirectory() + "weir-runs-\(UUID128.random())"
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        var configuration = JournalConfiguration(directory: directory)
        configuration.reserveBytes = 0
        journal = try Journal.open(
            JournalSetup(
                configuration,
                clock: { .now() },
                logger: logger
            )
        )
        pool = Pool(database.target)
        let board = RunsProjection.Board(progress: progress, patience: patience)
        let routes = RunsRoutes(
            journal: journal,
            board: board,
            reader: StoreReader(
                pool: pool,
                gate: ReadGate(journal: journal, progress: progress, patience: .seconds(30)),
                logger: Logger(label: "weir.test")
            ),
            links: RepositoryLinks(),
            duplicateStatus: duplicateStatus,
            mostRuns: mostRuns,
            pageBytes: pageBytes
        )
        self.routes = routes.all
        var router = Router<Endpoint>()
        for route in routes.all + routes.profile { router.add(route.method, route.path, route) }
        self.router = router
        let loader = Loader(
            RunsProjection(board: board, mostBytes: mostBytes),
            journal: journal,
            registration: JournalRegistration(journal: journal),
            target: database.target,
            session: SessionSettings(),
            configuration: LoaderConfiguration(),
            progress: progress,
            logger: logger
        )
        loading = Task { if loads { await loader.run() } }
    }

    deinit {
        loading.cancel()
        journal.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// What a request is answered.
    struct Answer {
        let status: Int
        let fields: HeaderFields
        let text: String

        /// The body, read.
        var json: JSONNode {
            get throws { try JSONDocument(Array(text.utf8)).root }
        }
    }

    func get(_ target: String, accept: String? = nil) async throws -> Answer {
        try await send(.get, target, nil, fields: accept.map { ["Accept": $0] } ?? [:])
    }

    /// As a caller that may do only so much.
    func get(_ target: String, as scopes: Set<Scope>) async throws -> Answer {
        try await send(.get, target, nil, fields: [:], scopes: scopes)
    }

    func post(_ target: String, _ body: String, type: String = "application/json") async throws -> Answer {
        try await send(.post, target, body, fields: ["Content-Type": type])
    }

    func patch(_ eventID: String, _ body: String) async throws -> Answer {
        try await send(.patch, "/api/v1/runs/\(eventID)", body, fields: ["Content-Type": "application/json"])
    }

    private func send(
        _ method: Method,
        _ target: String,
        _ body: String?,
        fields: HeaderFields,
        scopes: Set<Scope> = Set(Scope.allCases)
    ) async throws -> Answer {
        let head = RequestHead(method: method, target: target, fields: fields)
        guard case .matched(let route, let parameters, _) = router.resolve(method, head.path) else {
            return Answer(status: 404, fields: [:], text: "")
        }
        let request = Request(
            head: head,
            body: Array((body ?? "").utf8),
            parameters: parameters,
            receivedAt: .now()
        )
        let response: Response
        switch route.handler {
        case .async(let handle): response = await handle(request)
        case .graded(let handle): response = await handle(request, scopes)
        case .callback: return Answer(status: 404, fields: [:], text: "")
        }
        var bytes: [UInt8] = []
        if case .bytes(let body) = response.body { bytes = body }
        return Answer(
            status: response.status.code,
            fields: response.fields,
            text: String(decoding: bytes, as: UTF8.self)
        )
    }

    func rows(_ sql: String) throws -> [String] {
        try Connection.withTemporary(database.target) { connection in
            try connection.executeOnce(Statement(sql: sql)).map { row in
                try row.columns.indices.map { try row.optionalText(.position($0)) ?? "∅" }
                    .joined(separator: "|")
            }
        }
    }

    /// How often the runs were read whole.
    func wholeReads() throws -> [String] {
        try rows("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'agent_run'")
    }

    /// Ends the sessions that answered, for each tells what it read only then.
    func endSessions() async throws {
        await pool.close()
        while try rows(Self.otherSessions) != ["0"] { await Task.yield() }
    }

    private static let otherSessions = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
        """

    func execute(_ sql: String) throws {
        try Connection.withTemporary(database.target) { _ = try $0.executeScript(sql) }
    }
}

/// Bodies with what the surface requires.
enum RunBody {
    static func run(
        _ eventID: String,
        agent: String = "agent",
        job: String = "job",
        created: String? = nil,
        start: String = "2026-01-01T00:00:00+00:00",
        more: String = ""
    ) -> String {
        let created = created.map { #","created_at":"\#($0)""# } ?? ""
        return """
            {"event_id":"\(eventID)","run_id":"R-\(eventID)","start_time":"\(start)",\
            "agent_name":"\(agent)","job_type":"\(job)"\(created)\(more)}
            """
    }
}
