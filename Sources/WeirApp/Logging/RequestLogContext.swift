import Logging

/// What the log lines of a request have in common, wherever they are written.
enum RequestLogContext {
    /// The id of the request that the present task answers: what its `X-Request-Id` field says.
    @TaskLocal static var requestID: String?

    /// Adds the id to every line that is written while a request is answered.
    static let provider = Logger.MetadataProvider {
        guard let requestID else { return [:] }
        return ["request.id": .string(requestID)]
    }
}
