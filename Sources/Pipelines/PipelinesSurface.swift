internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal
internal import Logging
internal import Postgres

/// What the endpoints of pipelines share: where lines go, what rows come from, how errors look.
struct PipelinesSurface: Sendable {
    static let tag = "Pipelines"

    let journal: Journal
    let board: PipelinesProjection.Board
    let reader: StoreReader
    let pool: Pool
    let sessions: WorkerSessions
    let logger: Logger

    // MARK: - Endpoints

    /// An endpoint that finds out itself who calls.
    func keyed(
        _ path: String,
        _ summary: String,
        _ request: APIType,
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request, Caller) async throws(Refused) -> Response
    ) -> Endpoint {
        Endpoint(
            .post,
            path,
            scope: .ingest,
            envelope: .plain,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                parameters: [.text("apiKey", "The API key, for clients that send no header field.")],
                request: request,
                answers: answers + Self.refusals
            ),
            handler: .keyed { request, caller in
                do throws(Refused) {
                    return try await answer(request, caller)
                } catch {
                    return error.response
                }
            }
        )
    }

    /// A GET from rows, or a write of an operator, in plain-text errors.
    func plain(
        _ method: Method,
        _ path: String,
        scope: Scope,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        request: APIType? = nil,
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request) async throws(Refused) -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: scope,
            envelope: .plain,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                parameters: parameters,
                request: request,
                answers: answers + Self.refusals
            ),
            handler: .async { request in
                do throws(Refused) {
                    return try await answer(request)
                } catch {
                    return error.response
                }
            }
        )
    }

    /// A GET from rows with parameters; a wrong one is 400 in plain words.
    func reading<Value: Sendable>(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter],
        answers: [APIAnswer],
        reading: @escaping @Sendable (inout ParameterReader) -> Value,
        answer: @escaping @Sendable (Request, Value, Connection) throws -> Response
    ) -> Endpoint {
        plain(.get, path, scope: .read, summary, parameters, answers: answers) { request throws(Refused) in
            var parameters = ParameterReader(request.query)
            let value = reading(&parameters)
            do throws(ValidationIssues) {
                try parameters.finish()
            } catch {
                throw Refused(.badRequest, error.failure.message)
            }
            return await reader.answer(.plain) { try answer(request, value, $0) }
        }
    }

    /// How many rows an answer may have: 1 to so many; other numbers count as the nearest of them. Contract pipelogiq §7.7.
    struct Bounded: Sendable {
        let parameter: APIParameter
        let most: Int64

        init(_ name: String, to most: Int64, fallback: Int, _ summary: String) {
            parameter = APIParameter(
                name,
                .integer(-1_000_000_000...1_000_000_000),
                "\(summary) 1 to \(most) are possible, other numbers count as the nearest of them.",
                fallback: String(fallback)
            )
            self.most = most
        }

        func value(_ reader: inout ParameterReader) -> Int {
            let number = reader.number(parameter)?.clamped ?? Int64(parameter.fallbackNumber)
            return Int(min(max(number, 1), most))
        }
    }

    static func text(_ status: Int, _ summary: String, headers: [APIAnswer.Header] = []) -> APIAnswer {
        APIAnswer(status, summary, contents: [.init("text/plain", .text)], headers: headers)
    }

    private static let refusals = [
        text(400, "A value is not valid; the text says which."),
        text(500, "PostgreSQL refused it, or Weir has a bug; its log says why."),
        text(
            503,
            "PostgreSQL is away or busy, or the journal cannot be written. Retry.",
            headers: [.retryAfter]
        ),
        text(507, "The disk of the journal is full.", headers: [.retryAfter]),
    ]

    /// The same below `/api`, too.
    static func doubled(_ endpoints: [Endpoint]) -> [Endpoint] {
        endpoints.flatMap { [$0, $0.moved(to: "/api\($0.path)")] }
    }

    // MARK: - Reading requests

    /// A request ends early with this response.
    struct Refused: Error {
        let response: Response

        init(_ response: Response) { self.response = response }
        init(_ status: Status, _ message: String) { response = PlainAnswer.error(status, message) }
        init(_ mistake: BodyReader.Mistake) { self.init(.badRequest, mistake.message) }
    }

    static func body(_ request: Request) throws(Refused) -> BodyReader {
        do throws(BodyReader.Mistake) {
            return try BodyReader(request.body)
        } catch {
            throw Refused(error)
        }
    }

    static func reading<Value>(_ read: () throws(BodyReader.Mistake) -> Value) throws(Refused) -> Value {
        do throws(BodyReader.Mistake) {
            return try read()
        } catch {
            throw Refused(error)
        }
    }

    /// The application of an API key.
    static func application(_ request: Request, _ caller: Caller, body key: String?) throws(Refused) -> String
    {
        switch CallerKeys.application(request, caller, body: key) {
        case .granted(let application): return application
        case .refused(let response): throw Refused(response)
        }
    }

    /// The application of a worker's session, or else of an API key.
    func application(_ request: Request, _ caller: Caller) async throws(Refused) -> String {
        for token in CallerKeys.sessionTokens(request) {
            if case .session(let session) = await sessions.find(token), session.expiresAt > request.receivedAt
            {
                return session.application
            }
        }
        return try Self.application(request, caller, body: nil)
    }

    // MARK: - Lines

    /// Writes a line and returns when it is durable.
    func write(_ kind: PipelinesProjection.Kind, _ body: [UInt8]) async throws(Refused) {
        do throws(JournalError) {
            try await journal.append(kind: kind.rawValue, body: body)
        } catch {
            throw Refused(ErrorEnvelope.plain.response(to: error, storing: "request"))
        }
    }

    /// Writes a line and waits for its outcome.
    func settle(_ kind: PipelinesProjection.Kind, _ body: [UInt8]) async throws(Refused)
        -> PipelinesProjection.Board.Outcome
    {
        do throws(JournalError) {
            return try await board.append(to: journal, kind: kind.rawValue, body: body)
        } catch {
            throw Refused(ErrorEnvelope.plain.response(to: error, storing: "request"))
        }
    }

    /// Asks PostgreSQL for something without which no line can be written.
    func ask<Value: Sendable>(
        _ what: String,
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws(Refused) -> Value {
        do {
            return try await pool.withConnection(body)
        } catch let error as PostgresError where error.isRetryable || error.sqlState == "42P01" {
            // Without its tables (undefined_table) the database is about to be migrated.
            throw Refused(
                .serviceUnavailable,
                "the database cannot be reached: nothing was stored, send it again"
            )
        } catch {
            logger.error("\(what) failed", metadata: ["error": "\(error)"])
            throw Refused(.internalServerError, "\(what) failed")
        }
    }
}
