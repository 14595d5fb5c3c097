import API
import Configuration
import Core
import HTTP
import Ingest
import Journal
import Postgres

/// The smallest whole feature, and the example of CONTRIBUTING: it keeps the texts that it is sent, and lists them.
extension Feature {
    static let echo = Feature(
        "echo",
        settings: [EchoSettings.keep.row],
        streams: [JournalStream(EchoProjection(), table: "echo")],
        retention: [
            RetentionRule(
                "echo.retention",
                AgingTable("echoes", table: "echo", at: "received_at"),
                keep: EchoSettings.keep,
                every: .seconds(60)
            )
        ],
        audit: [AuditQuestion("echoes", "Echoes", Array("SELECT count(*) AS echoes FROM echo".utf8))]
    ) { server in
        let reader = server.load(EchoProjection())
        server.endpoints += EchoRoutes(journal: server.journal, reader: reader).all
        server.jobs.append(MaintenanceJob("echo.beat", every: .seconds(1), perform: EchoStore.beat))
        server.gauges.append(
            GaugeSource("weir_echoes", help: "Echoes.") { Double(try EchoStore.count(on: $0)) }
        )
    }
}

enum EchoSettings {
    static let keep = Setting<Duration>(
        "WEIR_ECHO_KEEP",
        .duration(.zero ... .seconds(86_400 * 365)),
        default: "0",
        "How long echoes are kept; 0 is for ever."
    )
}

/// HTTP only.
struct EchoRoutes {
    static let contains = APIParameter.text("contains", "Only echoes that contain this.")
    static let limit = APIParameter.integer("limit", 1...100, default: 10, "How many.")
    private static let echoes = APISchema("Echoes", [.init("echoes", .list(.text))])

    let journal: Journal
    let reader: StoreReader

    var all: [Endpoint] { [post, list] }

    private var post: Endpoint {
        Endpoint(
            .post,
            "/echo",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: "Echo",
                summary: "Keeps a text.",
                request: .text,
                answers: [APIAnswer(202, "It is durable.", .text)] + APIAnswer.journalRefusals
            ),
            handler: .async { [journal] request in
                // A real feature has a decoder; bad input is refused before it is kept.
                guard JSONText.string(request.body[...]) != nil else {
                    return ValidationDialect.pydantic2.response([ValidationIssue([.name("body")], .notText)])
                }
                do throws(JournalError) {
                    _ = try await journal.append(kind: EchoProjection.kind, body: request.body)
                    return .json(request.body, status: .accepted)
                } catch {
                    return ErrorEnvelope.detail.response(to: error, storing: "echo")
                }
            }
        )
    }

    private var list: Endpoint {
        .reading(
            "/echo",
            tag: "Echo",
            "The newest echoes.",
            [Self.contains, Self.limit],
            answers: [APIAnswer(200, "The result.", .named(Self.echoes))],
            from: reader,
            reading: { (part: $0.text(Self.contains) ?? "", limit: $0.count(Self.limit)) },
            answer: { _, query, connection in
                let texts = try EchoStore.fetchAll(query.part, query.limit, on: connection)
                var writer = JSONWriter()
                writer.object { body in
                    body.array("echoes") { list in for text in texts { list.value(text) } }
                }
                return .json(writer.bytes)
            }
        )
    }
}

/// Lines of the journal to rows.
struct EchoProjection: Projection {
    static let kind = "echo/1"

    struct Echo: Sendable {
        let journal: UUID128
        let line: JournalLine
        let text: String
    }

    let stream = "echo"
    let kinds = [kind]

    func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [Echo] {
        guard let text = JSONText.string(line.body) else { throw Refusal(reason: "not a text") }
        return [Echo(journal: journal, line: line, text: text)]
    }

    func apply(stage: Int, to elements: inout [Echo], on connection: Connection) throws {
        for echo in elements { try EchoStore.insert(echo, on: connection) }
    }
}

/// The SQL of echoes; `echo.sql` beside it is what a numbered file in `migrations/` would be.
enum EchoStore {
    static func insert(_ echo: EchoProjection.Echo, on connection: Connection) throws {
        _ = try connection.execute(
            "INSERT INTO echo (journal_id, seq, received_at, text) VALUES ($1, $2, $3, $4)",
            [.uuid(echo.journal), .int64(echo.line.seq), .timestamp(echo.line.at), .text(echo.text)]
        )
    }

    static func fetchAll(_ part: String, _ limit: Int, on connection: Connection) throws -> [String] {
        try connection.execute(
            "SELECT text FROM echo WHERE strpos(text, $1) > 0 ORDER BY received_at DESC, seq DESC LIMIT $2",
            [.text(part), .int64(Int64(limit))]
        ).map { try $0.text("text") }
    }

    static func count(on connection: Connection) throws -> Int64 {
        try connection.execute("SELECT count(*) AS echoes FROM echo", [])[0].int64("echoes")
    }

    static func beat(_ connection: Connection, _ now: Timestamp) throws {
        _ = try connection.execute("INSERT INTO echo_beat (at) VALUES ($1)", [.timestamp(now)])
    }
}
