import Logging

/// The common metadata of a request's log lines, wherever they are written.
enum RequestLogContext {
    /// The id of the request that the current task answers: its `X-Request-Id` field.
    @TaskLocal static var requestID: String?

    /// Adds the id to every line that is written while a request is answered.
    static let provider = Logger.MetadataProvider {
        guard let requestID else { return [:] }
        return ["request.id": .string(requestID)]
    }
}
