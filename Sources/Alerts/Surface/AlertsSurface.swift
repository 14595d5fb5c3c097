internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Logging
internal import Postgres

/// What the endpoints of alerts share: access to PostgreSQL, errors in the form of the surface.
struct AlertsSurface: Sendable {
    static let tag = "Alerts"

    let pool: Pool
    let logger: Logger
    var form = SurfaceForm.platform

    /// A GET that is answered from rows.
    func read(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request, Connection) throws -> Response
    ) -> Endpoint {
        endpoint(.get, path, .read, summary, parameters, nil, answers) { request in
            await respond { try answer(request, $0) }
        }
    }

    /// A write that is one transaction.
    func write(
        _ method: Method,
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        body: APIType? = nil,
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request, Connection) throws -> Response
    ) -> Endpoint {
        endpoint(method, path, .admin, summary, parameters, body, answers) { request in
            await respond { connection in try connection.transaction { try answer(request, connection) } }
        }
    }

    /// Any endpoint of this surface.
    func endpoint(
        _ method: Method,
        _ path: String,
        _ scope: Scope?,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        _ body: APIType? = nil,
        _ answers: [APIAnswer],
        handler: @escaping @Sendable (Request) async -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: scope,
            bodyLimit: body == nil ? nil : 1 << 20,
            envelope: form.envelope,
            documentation: EndpointDocumentation(
                tag: form.tag,
                summary: summary,
                parameters: parameters,
                request: body,
                answers: answers + form.refusals(body != nil)
            ),
            handler: .async(handler)
        )
    }

    /// Runs `body` on a connection's own queue; every error becomes an answer.
    func respond(_ body: @escaping @Sendable (Connection) throws -> Response) async -> Response {
        do {
            return try await pool.withConnection(body)
        } catch {
            return answer(to: error)
        }
    }

    /// The answer to an error.
    func answer(to error: any Error) -> Response {
        if let failure = error as? OperatorFailure { return form.response(failure) }
        if let error = error as? PostgresError, error.isRetryable {
            let away = OperatorFailure(.serviceUnavailable, "PostgreSQL is away or busy: ask again.")
            var response = form.response(away)
            response.fields.append("Retry-After", "1")
            return response
        }
        logger.error("an endpoint of alerts failed", metadata: ["error": "\(error)"])
        return form.response(
            OperatorFailure(.internalServerError, "Weir could not answer this; its log says why.")
        )
    }

    // MARK: - Pieces of requests

    /// The id in a path; 404 for a text that is none.
    static func id(_ request: Request, _ name: String = "id", of what: String) throws(OperatorFailure)
        -> UUID128
    {
        let text = request.parameters[name] ?? ""
        guard let id = UUID128(text) else { throw notFound(what) }
        return id
    }

    static func notFound(_ what: String) -> OperatorFailure {
        OperatorFailure(.notFound, "There is no such \(what).")
    }

    /// The JSON object of a body.
    static func object(_ request: Request) throws(OperatorFailure) -> JSONNode {
        guard request.head.fields["Content-Type"] != nil, request.head.declaresJSON else {
            throw OperatorFailure(
                .unsupportedMediaType,
                "The body is not announced as JSON: send Content-Type: application/json."
            )
        }
        let document: JSONDocument
        do {
            document = try JSONDocument(request.body)
        } catch {
            throw OperatorFailure(
                .badRequest,
                "The body is not JSON: \(error.message) at byte \(error.offset)."
            )
        }
        guard document.isStorable else {
            throw OperatorFailure(.badRequest, "The body has U+0000 or a value that PostgreSQL cannot store.")
        }
        guard document.root.kind == .object else {
            throw OperatorFailure(.unprocessableContent, "The body is not a JSON object.")
        }
        return document.root
    }

    /// Values of a query, or 400.
    static func parameters<Value>(
        _ request: Request,
        _ read: (inout ParameterReader) -> Value
    ) throws(OperatorFailure) -> Value {
        var reader = ParameterReader(request.query)
        let value = read(&reader)
        do throws(ValidationIssues) {
            try reader.finish()
        } catch {
            throw .invalid(
                error.shown.map { issue in
                    let path = issue.location.map { step in
                        switch step {
                        case .name(let name): name
                        case .index(let index): String(index)
                        }
                    }
                    return .init(
                        path.joined(separator: "."),
                        "invalid",
                        "is not a value that this parameter takes"
                    )
                }
            )
        }
        return value
    }

    /// The answer with one JSON value.
    static func json(_ status: Status = .ok, _ write: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter(reservingCapacity: 1024)
        write(&writer)
        return .json(writer.bytes, status: status)
    }
}
