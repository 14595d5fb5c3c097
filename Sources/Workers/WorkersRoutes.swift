internal import API
internal import Core
internal import HTTP

/// What the endpoints of workers share.
enum WorkersRoutes {
    static let tag = "Workers"

    /// A component can neither be found nor ruled out.
    static var unavailable: Response {
        var response = ErrorEnvelope.detail.response(
            .serviceUnavailable,
            "PostgreSQL is away, and this component is not known without it. Send the request again."
        )
        response.fields.append("Retry-After", "1")
        return response
    }

    /// A JSON object.
    static func object(_ status: Status = .ok, _ body: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter()
        writer.object(body)
        return .json(writer.bytes, status: status)
    }
}
