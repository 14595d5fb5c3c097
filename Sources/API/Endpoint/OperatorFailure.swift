internal import Core
package import HTTP

/// An error in the form of the platform's `/api/v2`: a code for programs, sentences for people. Contract beampipe §6.1.
package struct OperatorFailure: Error, Sendable {
    /// What is wrong with one value of a request.
    package struct Diagnostic: Hashable, Sendable {
        /// Where: `config.url`.
        package let path: String
        /// A word for programs: `missing`.
        package let code: String
        package let message: String
        package let hint: String?

        /// Describes an error.
        package init(_ path: String, _ code: String, _ message: String, hint: String? = nil) {
            self.path = path
            self.code = code
            self.message = message
            self.hint = hint
        }

        /// The same, deeper in a document: `url` becomes `config.url`.
        package func below(_ prefix: String) -> Diagnostic {
            Diagnostic(path.isEmpty ? prefix : "\(prefix).\(path)", code, message, hint: hint)
        }
    }

    /// The status of the answer.
    package let status: Status
    /// What was wrong.
    package let message: String
    /// What the caller can do; nil when the message says it.
    package let action: String?
    /// Errors of single values.
    package let diagnostics: [Diagnostic]
    /// What Weir did; nil for what follows from the status.
    package let systemAction: String?
    /// Seconds after which a retry may succeed; nil when nothing is known of it.
    package let retryAfter: Int?
    /// The word for programs; nil for that of the status.
    package let code: String?

    /// Makes an error.
    package init(
        _ status: Status,
        _ message: String,
        code: String? = nil,
        action: String? = nil,
        diagnostics: [Diagnostic] = [],
        systemAction: String? = nil,
        retryAfter: Int? = nil
    ) {
        self.status = status
        self.message = message
        self.code = code
        self.action = action
        self.diagnostics = diagnostics
        self.systemAction = systemAction
        self.retryAfter = retryAfter
    }

    /// 400 for wrong values; the message names the first of them.
    package static func invalid(_ diagnostics: [Diagnostic]) -> OperatorFailure {
        let first = diagnostics.first.map { "\($0.path): \($0.message)" } ?? "the request is not valid"
        let more = diagnostics.count > 1 ? " (and \(diagnostics.count - 1) more)" : ""
        return OperatorFailure(.badRequest, first + more, diagnostics: diagnostics)
    }

    /// The answer.
    package var response: Response {
        var response = Response.json(body, status: status)
        if let retryAfter { response.fields.append("Retry-After", String(retryAfter)) }
        return response
    }

    private var body: [UInt8] {
        let kind = Self.class(of: status)
        let code = code ?? kind.code
        var writer = JSONWriter()
        writer.object { body in
            body.member("error", message)
            body.member("code", code)
            body.object("failure") { failure in
                failure.member("code", code)
                failure.member("component", kind.component)
                failure.member("class", kind.name)
                failure.member("message", message)
                failure.member("retry", kind.retry)
                failure.member("system_action", systemAction ?? kind.systemAction)
                if let action { failure.member("operator_action", action) }
                if !diagnostics.isEmpty {
                    failure.array("diagnostics") { list in
                        for diagnostic in diagnostics { Self.write(diagnostic, to: &list) }
                    }
                }
            }
        }
        return writer.bytes
    }

    private static func write(_ diagnostic: Diagnostic, to list: inout JSONWriter) {
        list.object { element in
            element.member("path", diagnostic.path)
            element.member("severity", "error")
            element.member("code", diagnostic.code)
            element.member("message", diagnostic.message)
            if let hint = diagnostic.hint { element.member("hint", hint) }
        }
    }

    private struct Class {
        let code: String
        let component: String
        let name: String
        let retry: String
        let systemAction: String
    }

    /// The table of the contract, by status.
    private static func `class`(of status: Status) -> Class {
        let (code, component, name, retry) =
            switch status.code {
            case 401: ("unauthorized", "authentication", "authentication", "after_remediation")
            case 403: ("forbidden", "authorization", "authorization", "after_remediation")
            case 404: ("not_found", "api", "not_found", "after_remediation")
            case 405: ("method_not_allowed", "api", "unsupported", "after_remediation")
            case 409: ("conflict", "api", "inconsistent_state", "after_remediation")
            case 429: ("rate_limit_exceeded", "api", "rate_limited", "safe")
            case 503: ("service_unavailable", "weir", "dependency_unavailable", "safe")
            case 500...: ("database_error", "postgres", "dependency_unavailable", "safe")
            default: ("bad_request", "api", "validation", "after_remediation")
            }
        return Class(
            code: code,
            component: component,
            name: name,
            retry: retry,
            systemAction: status.code < 500 ? "The request was refused." : "Nothing was changed."
        )
    }
}

extension ErrorEnvelope {
    /// `{"error", "code", "failure"}`: contract beampipe §6.1.
    package static let platform = ErrorEnvelope(schema: .named(.failure)) { status, message in
        guard case .bytes(let bytes) = OperatorFailure(status, message).response.body else { return [] }
        return bytes
    }
}

extension APIAnswer {
    /// An error in the form of the platform.
    package static func failure(_ status: Int, _ summary: String, headers: [Header] = []) -> APIAnswer {
        APIAnswer(status, summary, .named(.failure), headers: headers)
    }
}

extension APISchema {
    /// The error body of the platform's `/api/v2`.
    package static let failure = APISchema(
        "Failure",
        [
            Member("error", APIType.text.noting("What was wrong, and what to do next.")),
            Member("code", .text),
            Member(
                "failure",
                .named(
                    APISchema(
                        "FailureDetail",
                        [
                            Member("code", .text),
                            Member("component", .text),
                            Member("class", .text),
                            Member("message", .text),
                            Member("retry", .text),
                            Member("system_action", .text),
                            Member("operator_action", .text, isRequired: false),
                            Member("diagnostics", .list(.object), isRequired: false),
                        ]
                    )
                )
            ),
        ]
    )
}
