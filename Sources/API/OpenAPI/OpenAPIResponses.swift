internal import Core
internal import HTTP

/// The answers of an operation: its own, and those that the server gives before it calls the operation.
struct OpenAPIResponses {
    private let answers: [APIAnswer]

    /// Takes the answers of an endpoint.
    init(of endpoint: Endpoint) {
        var answers = endpoint.documentation.answers
        let known = Set(answers.map(\.status))
        answers += Self.refusals(of: endpoint).filter { !known.contains($0.status) }
        self.answers = answers.sorted { $0.status < $1.status }
    }

    /// The types of all bodies.
    var types: [APIType] { answers.flatMap(\.contents).map(\.type) + [.named(.error)] }

    /// Writes them as members by status.
    func write(to responses: inout JSONWriter) {
        for answer in answers {
            responses.object(String(answer.status)) { Self.write(answer, to: &$0) }
        }
        let rest = "The server refuses the request before it looks at the operation."
        responses.object("default") { Self.write(.refusal(0, rest), to: &$0) }
    }

    // MARK: - Before the endpoint

    private static func refusals(of endpoint: Endpoint) -> [APIAnswer] {
        func refusal(_ status: Int, _ summary: String, _ headers: [APIAnswer.Header] = []) -> APIAnswer {
            let envelope = endpoint.envelope
            let mediaType =
                envelope.mediaType.split(separator: ";").first.map(String.init) ?? envelope.mediaType
            return APIAnswer(
                status,
                summary,
                contents: [.init(mediaType, envelope.schema)],
                headers: headers
            )
        }
        var refusals: [APIAnswer] = []
        if let scope = endpoint.scope {
            refusals.append(
                refusal(
                    401,
                    "A token with the scope `\(scope.rawValue)` is needed.",
                    [
                        .init(
                            "WWW-Authenticate",
                            .text,
                            "The supported authentication schemes; one field for each."
                        )
                    ]
                )
            )
            refusals.append(refusal(403, "The token lacks the scope `\(scope.rawValue)`."))
        }
        if endpoint.documentation.request != nil {
            refusals.append(refusal(400, "The body is not UTF-8, or its compression is corrupt."))
            refusals.append(refusal(413, "The body is larger than Weir takes."))
            refusals.append(refusal(415, "The body's Content-Encoding is unknown."))
        }
        return refusals
    }

    // MARK: - Writing

    private static let requestID = "X-Request-Id"
    private static let cacheControl = "Cache-Control"

    /// The header fields of every answer.
    static func writeCommonHeaders(to headers: inout JSONWriter) {
        headers.object(requestID) { header in
            header.member("description", "The id of the request: the client's own if it sent a valid one.")
            APIType.text.write("schema", to: &header)
        }
        headers.object(cacheControl) { header in
            header.member("description", "`no-store`: caches must not store an answer.")
            APIType.text.write("schema", to: &header)
        }
    }

    private static func write(_ answer: APIAnswer, to response: inout JSONWriter) {
        response.member("description", answer.summary)
        response.object("headers") { headers in
            for header in answer.headers {
                headers.object(header.name) { object in
                    object.member("description", header.summary)
                    header.type.write("schema", to: &object)
                }
            }
            for name in [requestID, cacheControl] {
                headers.object(name) { $0.member("$ref", "#/components/headers/\(name)") }
            }
        }
        guard !answer.contents.isEmpty else { return }
        response.object("content") { content in
            for body in answer.contents {
                content.object(body.mediaType) { body.type.write("schema", to: &$0) }
            }
        }
    }
}
