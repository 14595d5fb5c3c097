internal import API
internal import Core
internal import HTTP
internal import Ingest
internal import Journal

/// `/api/v2/executions`. Contract beampipe §5.
struct ExecutionRoutes: Sendable {
    static let tag = "Executions"
    static let root = "/api/v2/executions"

    let journal: Journal
    let board: ExecutionsProjection.Board
    let reader: StoreReader
    let limiter: RateLimiter?
    let surroundings: any ExecutionSurroundings
    let traceContexts: TraceContextCounters

    var all: [Endpoint] {
        [create, list, detail, patch, status, summary, snapshot, observations, observe, artifacts]
    }

    // MARK: - Making endpoints

    func write(
        _ method: Method,
        _ path: String,
        _ summary: String,
        body: APISchema,
        limiter: RateLimiter? = nil,
        answers: [APIAnswer],
        answer: @escaping @Sendable (Request) async throws(OperatorFailure) -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: .ingest,
            bodyLimit: 2 << 20,
            limiter: limiter,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                request: .named(body),
                answers: answers + ExecutionAnswers.writeRefusals
            ),
            handler: .async { request in
                do throws(OperatorFailure) {
                    return try await answer(request)
                } catch {
                    return error.response
                }
            }
        )
    }

    /// A GET that is answered from rows.
    func read<Value: Sendable>(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        answers: [APIAnswer],
        reading: @escaping @Sendable (inout ParameterReader) -> Value,
        answer: @escaping @Sendable (Request, Value, ExecutionsStore) throws -> Response
    ) -> Endpoint {
        let reader = reader
        return Endpoint(
            .get,
            path,
            scope: .read,
            envelope: .platform,
            documentation: EndpointDocumentation(
                tag: Self.tag,
                summary: summary,
                parameters: parameters,
                answers: answers + ExecutionAnswers.readRefusals
            ),
            handler: .async { request in
                var parameters = ParameterReader(request.query)
                let value = reading(&parameters)
                do throws(ValidationIssues) {
                    try parameters.finish()
                } catch {
                    return error.failure.response
                }
                return await reader.answer(.platform) { connection in
                    do {
                        return try answer(request, value, ExecutionsStore(connection: connection))
                    } catch let failure as OperatorFailure {
                        return failure.response
                    }
                }
            }
        )
    }

    /// A GET about one execution.
    func ofOne<Value: Sendable>(
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        shows type: APIType,
        headers: [APIAnswer.Header] = [],
        reading: @escaping @Sendable (inout ParameterReader) -> Value,
        answer: @escaping @Sendable (Execution, Value, ExecutionsStore, Request) throws -> Response
    ) -> Endpoint {
        read(
            path,
            summary,
            parameters,
            answers: ExecutionAnswers.ofOne(type, headers: headers),
            reading: reading,
            answer: { request, value, store in
                guard let execution = try store.fetch(try Self.id(request)) else { throw Self.notFound }
                return try answer(execution, value, store, request)
            }
        )
    }

    // MARK: - Pieces

    /// The id in a path.
    static func id(_ request: Request) throws(OperatorFailure) -> UUID128 {
        guard let id = UUID128(request.parameters["id"] ?? "") else {
            throw .invalid([.init("id", "not_a_uuid", "is not a UUID")])
        }
        return id
    }

    static let notFound = OperatorFailure(.notFound, "There is no such execution.")

    /// An execution with its trace, so that its reader can send spans into that.
    static func whole(_ execution: Execution, _ status: Status = .ok) -> Response {
        let trace = ExecutionTraceIDs(execution)
        return json(status) { ExecutionEncoder.read(execution, to: &$0) }.about(trace.context, trace.state)
    }

    static func json(_ status: Status = .ok, _ write: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter(reservingCapacity: 4096)
        write(&writer)
        return .json(writer.bytes, status: status)
    }
}
