internal import API
internal import HTTP

/// Why a whole body is refused.
enum RunRefusal: Error, Sendable {
    /// Bytes that are not UTF-8.
    case notText
    /// Issues, in the order in which the model declares its members.
    case issues(ValidationIssues)

    /// The response: 422 with a `detail` list, 400 for bytes that are not UTF-8.
    var response: Response {
        switch self {
        case .notText: ErrorEnvelope.detail.response(.badRequest, "There was an error parsing the body")
        case .issues(let issues): ValidationDialect.pydantic2.response(issues)
        }
    }
}
