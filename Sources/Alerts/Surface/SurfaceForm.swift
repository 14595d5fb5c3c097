internal import API
internal import Core
internal import HTTP
internal import Ingest

/// How a surface of alerts shows errors, and documents them.
struct SurfaceForm: Sendable {
    let tag: String
    let envelope: ErrorEnvelope
    /// Whatever an endpoint with or without a body may answer.
    let refusals: @Sendable (_ hasBody: Bool) -> [APIAnswer]
    let response: @Sendable (OperatorFailure) -> Response

    /// The platform's form. Contract beampipe §6.
    static let platform = SurfaceForm(
        tag: AlertsSurface.tag,
        envelope: .platform,
        refusals: { hasBody in
            let ofBody: [APIAnswer] = [
                .failure(400, "A value is not valid; `failure.diagnostics` names each."),
                .failure(413, "The body is larger than 1 MiB."),
                .failure(415, "The body is not announced as application/json."),
                .failure(422, "The body has not the right shape; `failure.diagnostics` names each member."),
            ]
            return (hasBody ? ofBody : [])
                + [
                    .failure(500, "A bug in Weir; its log has the reason."),
                    .failure(503, "PostgreSQL is away or busy. Retry.", headers: [.retryAfter]),
                ]
        },
        response: { $0.response }
    )

    /// That of Alertmanager's API v2: an error is a JSON text, as `amtool` shows it.
    static let alertmanager = SurfaceForm(
        tag: "Alertmanager",
        envelope: ErrorEnvelope(schema: .text) { _, message in JSONText.quoted(message) },
        refusals: { hasBody in
            let ofBody = [
                text(413, "The body is larger than 1 MiB."),
                text(415, "The body is not announced as application/json."),
            ]
            return (hasBody ? ofBody : [])
                + [
                    text(500, "A bug in Weir; its log has the reason."),
                    text(503, "PostgreSQL is away or busy. Retry.", headers: [.retryAfter]),
                ]
        },
        response: { .json(JSONText.quoted($0.message), status: $0.status) }
    )

    /// An error of Alertmanager's API.
    static func text(_ status: Int, _ summary: String, headers: [APIAnswer.Header] = []) -> APIAnswer {
        APIAnswer(status, summary, .text, headers: headers)
    }
}
