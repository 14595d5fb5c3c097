import HTTP
import Testing

@testable import API

/// Contract beampipe §6.1; pipelogiq §1.1, §7.2.
@Suite("Forms of errors")
struct FailureFormTests {
    private func text(_ response: Response) -> String {
        if case .bytes(let bytes) = response.body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    @Test(arguments: [
        (400, "bad_request", "api", "validation", "after_remediation"),
        (401, "unauthorized", "authentication", "authentication", "after_remediation"),
        (403, "forbidden", "authorization", "authorization", "after_remediation"),
        (404, "not_found", "api", "not_found", "after_remediation"),
        (409, "conflict", "api", "inconsistent_state", "after_remediation"),
        (429, "rate_limit_exceeded", "api", "rate_limited", "safe"),
        (500, "database_error", "postgres", "dependency_unavailable", "safe"),
        (503, "service_unavailable", "weir", "dependency_unavailable", "safe"),
    ])
    func `of the platform have the words of the table, and no member without a value`(
        status: Int,
        code: String,
        component: String,
        kind: String,
        retry: String
    ) {
        let response = OperatorFailure(Status(code: status), "why").response
        let system = status < 500 ? "The request was refused." : "Nothing was changed."
        #expect(response.status.code == status)
        #expect(
            text(response) == """
                {"error":"why","code":"\(code)","failure":{"code":"\(code)","component":"\(component)","class":"\(kind)",\
                "message":"why","retry":"\(retry)","system_action":"\(system)"}}
                """
        )
    }

    @Test func `of the platform say what to do, and what is wrong with each value`() {
        let failure = OperatorFailure(
            .serviceUnavailable,
            "why",
            code: "event_conflict",
            action: "do it",
            diagnostics: [
                .init("a.b", "missing", "is missing", hint: "send it"), .init("c", "wrong", "is wrong"),
            ],
            retryAfter: 2
        )
        #expect(failure.response.fields["Retry-After"] == "2")
        #expect(
            text(failure.response).hasSuffix(
                #""system_action":"Nothing was changed.","operator_action":"do it","diagnostics":["#
                    + #"{"path":"a.b","severity":"error","code":"missing","message":"is missing","hint":"send it"},"#
                    + #"{"path":"c","severity":"error","code":"wrong","message":"is wrong"}]}}"#
            )
        )
    }

    @Test(arguments: [
        (400, "invalid_payload"), (401, "unauthorized"), (403, "forbidden"), (404, "not_found"),
        (413, "invalid_payload"),
        (500, "internal_error"), (503, "internal_error"),
    ])
    func `of observability are an envelope without details`(status: Int, code: String) {
        let response = ErrorEnvelope.observability.response(Status(code: status), "why")
        #expect(text(response) == #"{"error":{"code":"\#(code)","message":"why"}}"#)
    }

    @Test func `of Pipelogiq's workers are plain text that no browser guesses about`() {
        let response = ErrorEnvelope.plain.response(.unauthorized, "api key is required")
        #expect(text(response) == "api key is required\n")
        #expect(response.fields["Content-Type"] == "text/plain; charset=utf-8")
        #expect(response.fields["X-Content-Type-Options"] == "nosniff")
        #expect(ErrorEnvelope.detail.response(.notFound, "x").fields["X-Content-Type-Options"] == nil)
    }
}
