internal import API
internal import Core
internal import HTTP

/// Finds out for whom a request speaks: by an API key, which is one of Weir's tokens with the scope `ingest`, wherever
/// the client has put it. Contract pipelogiq §7.2.
enum CallerKeys {
    /// The result.
    enum Verdict: Sendable {
        /// The name of the application: that of the token.
        case granted(application: String)
        case refused(Response)
    }

    /// Looks at the header fields, the query, and what the body gave.
    static func application(_ request: Request, _ caller: Caller, body key: String? = nil) -> Verdict {
        let placed = [request.query.first("apiKey"), key].compactMap(\.self).filter { !$0.isEmpty }
        let bearers = placed.compactMap(caller.bearer)
        if let own = caller.name, caller.scopes.contains(.ingest) { return .granted(application: own) }
        if let bearer = bearers.first(where: { $0.scopes.contains(.ingest) }) {
            return .granted(application: bearer.name)
        }
        if caller.scopes.contains(.ingest) { return .granted(application: PipelineEntry.nobody) }
        if caller.name != nil || !bearers.isEmpty {
            return .refused(PlainAnswer.error(.forbidden, "this token lacks the scope 'ingest'"))
        }
        let fields = request.head.fields
        let isMissing = placed.isEmpty && fields["Authorization"] == nil && fields["X-API-Key"] == nil
        return .refused(PlainAnswer.unauthorized(isMissing ? "api key is required" : "invalid api key"))
    }

    /// Tokens of a worker's session, in the order of the contract. Contract pipelogiq §7.5.
    static func sessionTokens(_ request: Request) -> [String] {
        let fields = request.head.fields
        let bearer = fields["Authorization"].flatMap { value in
            value.lowercased().hasPrefix("bearer ") ? String(value.dropFirst(7)) : nil
        }
        let places = [
            fields["X-Worker-Session"], fields["X-Worker-Token"], bearer,
            request.query.first("workerSessionToken"),
        ]
        return places.compactMap(\.self).filter { !$0.isEmpty }
    }
}

/// Answers of the external surface: errors are plain text. Contract pipelogiq §7.2.
enum PlainAnswer {
    static func error(_ status: Status, _ message: String) -> Response {
        var response = ErrorEnvelope.plain.response(status, message)
        if status == .serviceUnavailable { response.fields.append("Retry-After", "1") }
        return response
    }

    static func unauthorized(_ message: String) -> Response {
        var response = error(.unauthorized, message)
        response.fields.append("WWW-Authenticate", "Bearer realm=\"weir\"")
        return response
    }

    /// A JSON object and a line feed.
    static func object(_ status: Status = .ok, _ write: (inout JSONWriter) -> Void) -> Response {
        var writer = JSONWriter()
        writer.object(write)
        return .json(writer.bytes + [UInt8(ascii: "\n")], status: status)
    }
}
