internal import Core
package import HTTP

/// An error of the observability endpoints: a code for programs, a sentence for people. Contract pipelogiq §1.1.
package struct ObservabilityFailure: Error, Sendable {
    /// The words of the contract, and those that the original left to other layers.
    package enum Code: String, Sendable {
        case invalidPayload = "invalid_payload"
        case invalidType = "invalid_integration_type"
        case invalidConfig = "invalid_config"
        case configTooLarge = "config_too_large"
        case unauthorized
        case forbidden
        case notFound = "not_found"
        case internalError = "internal_error"
    }

    /// The status of the answer.
    package let status: Status
    package let code: Code
    /// What was wrong; it never has a secret.
    package let message: String
    /// Any JSON value; nil leaves the member out.
    package let details: [UInt8]?

    /// Makes an error.
    package init(_ status: Status, _ code: Code, _ message: String, details: [UInt8]? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.details = details
    }

    /// What a bug is for a client; the log has the reason.
    package static let `internal` = ObservabilityFailure(
        .internalServerError,
        .internalError,
        "Internal server error"
    )

    /// The database is away or busy.
    package static let unavailable = ObservabilityFailure(
        .serviceUnavailable,
        .internalError,
        "PostgreSQL is away or busy: ask again"
    )

    /// The answer.
    package var response: Response {
        var response = Response.json(body, status: status)
        if status == .serviceUnavailable { response.fields.append("Retry-After", "1") }
        return response
    }

    fileprivate var body: [UInt8] {
        var writer = JSONWriter()
        writer.object { body in
            body.object("error") { error in
                error.member("code", code.rawValue)
                error.member("message", message)
                if let details { error.member("details", raw: details) }
            }
        }
        return writer.bytes
    }
}

extension ErrorEnvelope {
    /// `{"error": {"code", "message"}}`: contract pipelogiq §1.1.
    package static let observability = ErrorEnvelope(schema: .named(.observabilityError)) { status, message in
        let code: ObservabilityFailure.Code =
            switch status.code {
            case 401: .unauthorized
            case 403: .forbidden
            case 404: .notFound
            case 500...: .internalError
            default: .invalidPayload
            }
        return ObservabilityFailure(status, code, message).body
    }
}

extension APISchema {
    /// The error body of the observability endpoints.
    package static let observabilityError = APISchema(
        "ObservabilityError",
        [
            Member(
                "error",
                .named(
                    APISchema(
                        "ObservabilityErrorObject",
                        [
                            Member("code", .text),
                            Member("message", .text),
                            Member("details", .any, isRequired: false),
                        ]
                    )
                )
            )
        ]
    )
}
