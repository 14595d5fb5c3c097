internal import API
internal import Core
internal import HTTP

/// Why a weblog request is refused. Contract §1.3.
enum NextflowFault: Error, Sendable {
    /// No body, or JSON null.
    case missingBody
    /// JSON, but not an object; or a content type that is not JSON.
    case notAnObject
    /// Bytes that are not UTF-8.
    case notText
    /// Not JSON.
    case notJSON(JSONError, document: [UInt8])
    /// Required members that are missing or of a wrong type.
    case members([ValidationIssue])

    init(_ error: JSONError, in body: [UInt8]) {
        switch error {
        case .invalidUTF8: self = .notText
        case .syntax, .tooLarge, .tooManyValues: self = .notJSON(error, document: body)
        }
    }

    /// A bounded word for metric labels.
    var reason: String {
        switch self {
        case .missingBody: "missing_body"
        case .notAnObject: "not_an_object"
        case .notText: "not_utf8"
        case .notJSON: "not_json"
        case .members: "fields"
        }
    }

    /// The response: 422 with a `detail` list, 400 for bytes that are not UTF-8.
    var response: Response {
        let body = [ValidationIssue.Step.name("body")]
        let issues: ValidationIssues
        switch self {
        case .notText:
            return ErrorEnvelope.detail.response(.badRequest, "There was an error parsing the body")
        case .missingBody: issues = [ValidationIssue(body, .missing)]
        case .notAnObject: issues = [ValidationIssue(body, .notAnObject)]
        case .notJSON(let error, let document): issues = [.notJSON(error, in: document)]
        case .members(let found): issues = ValidationIssues(found)
        }
        return ValidationDialect.pydantic1.response(issues)
    }
}
