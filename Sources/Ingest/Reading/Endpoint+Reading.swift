package import API
package import HTTP
package import Postgres

extension Endpoint {
    /// A GET that is answered from rows: reads its parameters, refuses wrong ones with 422, and queries on a
    /// connection.
    ///
    /// `tag` groups it in `/openapi.json`; `answers` are those beside the errors that every such endpoint has.
    /// `reading` reads the declared parameters in their order; `checking` refuses parameters that are valid alone but
    /// not together; `answer` runs on the connection's own queue.
    package static func reading<Value: Sendable>(
        _ path: String,
        tag: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        answers: [APIAnswer],
        dialect: ValidationDialect = .pydantic2,
        envelope: ErrorEnvelope = .detail,
        from reader: StoreReader,
        reading: @escaping @Sendable (inout ParameterReader) -> Value,
        checking: @escaping @Sendable (Value) -> Response? = { _ in nil },
        answer: @escaping @Sendable (Request, Value, Connection) throws -> Response
    ) -> Endpoint {
        Endpoint(
            .get,
            path,
            scope: .read,
            envelope: envelope,
            documentation: EndpointDocumentation(
                tag: tag,
                summary: summary,
                parameters: parameters,
                answers: answers + APIAnswer.storeRefusals
            ),
            handler: .async { request in
                var parameters = ParameterReader(request.query)
                let value = reading(&parameters)
                do throws(ValidationIssues) {
                    try parameters.finish()
                } catch {
                    return dialect.response(error)
                }
                if let refusal = checking(value) { return refusal }
                return await reader.answer(envelope) { try answer(request, value, $0) }
            }
        )
    }
}
