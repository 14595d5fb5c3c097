internal import API
internal import Core
internal import HTTP

/// What workers ask for and Weir does not have: brokers and a queue of jobs. Contract noetl §2.5, §5.4.
enum PlaceholderRoutes {
    static var all: [Endpoint] {
        [
            endpoint(.post, "/api/broker/register", "Takes the registration of a broker; nothing is stored.")
            { request in
                let document = try? WorkersDocument.read(request.body)
                return WorkersRoutes.object { answer in
                    answer.member("status", "registered")
                    answer.member("payload", raw: document?.root.rawBytes ?? Array("{}".utf8)[...])
                }
            },
            endpoint(.post, "/api/broker/heartbeat", "Takes the heartbeat of a broker; nothing is stored.") {
                _ in
                WorkersRoutes.object { $0.member("status", "ok") }
            },
            endpoint(.delete, "/api/broker/deregister", "Takes leave of a broker; nothing is stored.") { _ in
                WorkersRoutes.object { $0.member("status", "deregistered") }
            },
            endpoint(.get, "/api/brokers", "Brokers: none.", [status]) { request in
                var reader = ParameterReader(request.query)
                let sent = reader.text(status)
                do throws(ValidationIssues) {
                    try reader.finish()
                } catch {
                    return ValidationDialect.pydantic2.response(error)
                }
                return WorkersRoutes.object { answer in
                    answer.array("items") { _ in }
                    answer.member("status", sent)
                }
            },
            endpoint(.get, "/api/queue/size", "The jobs in the queue: none.") { _ in
                WorkersRoutes.object { answer in
                    answer.member("status", "ok")
                    answer.member("count", 0)
                    answer.member("queued", 0)
                }
            },
            endpoint(.post, "/api/queue/lease", "Leases a job: there is none.") { _ in
                WorkersRoutes.object { $0.member("status", "empty") }
            },
        ]
    }

    private static let status = APIParameter.text("status", "Is repeated in the answer.")

    private static func endpoint(
        _ method: Method,
        _ path: String,
        _ summary: String,
        _ parameters: [APIParameter] = [],
        _ answer: @escaping @Sendable (Request) -> Response
    ) -> Endpoint {
        Endpoint(
            method,
            path,
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: WorkersRoutes.tag,
                summary: summary,
                parameters: parameters,
                answers: [APIAnswer(200, "Always.", .object)]
                    + (parameters.isEmpty ? [] : [WorkersSchemas.invalid])
            ),
            handler: .async { answer($0) }
        )
    }
}
