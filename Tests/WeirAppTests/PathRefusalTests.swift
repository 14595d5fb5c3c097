import Core
import HTTP
import HTTPServer
import TestKit
import Testing

@testable import WeirApp

/// Contract pipelogiq §0.3, §0.4, §7; beampipe §6.1, §11.1 D34.
@Suite struct `Paths that no endpoint has` {
    @Test(arguments: [
        ("/api/v2/nothing", "Not Found", nil),
        ("/api/v2/login", "Weir has tokens and no users.", "Send Authorization: Bearer <token>"),
        ("/api/v2/user/me", "Weir has tokens and no users.", "Send Authorization: Bearer <token>"),
        ("/api/v2/workers/pools", "Weir hands out no jobs", "GET /api/worker/pools"),
        ("/api/v2/executions/1/retry", "Weir runs and submits nothing.", "PATCH /api/v2/executions/{id}"),
        ("/api/v2/executions/1/nothing", "Not Found", nil),
        ("/api/v2/sources/1/executions", "Weir keeps no registry of sources", "GET /api/v2/sources/"),
        ("/api/v2/docs", "Weir has no page", "GET /openapi.json"),
    ])
    func `of the platform are 404 in its form, and say what there is instead`(
        path: String,
        message: String,
        action: String?
    ) throws {
        let response = PathRefusal.notFound(path)
        #expect(response.status == .notFound)
        #expect(response.fields["Content-Type"] == "application/json")
        let json = try JSONDocument(Array(response.text.utf8)).root
        #expect(json["code"]?.string == "not_found")
        #expect(json["error"]?.string?.hasPrefix(message) == true)
        let said = json["failure"]?["operator_action"]?.string
        if let action { #expect(said?.hasPrefix(action) == true || said?.contains(action) == true) }
        #expect((said == nil) == (action == nil))
    }

    @Test(arguments: [
        ("/observability/nothing", "not found\n"), ("/api/observability/nothing", "not found\n"),
        ("/pipelines/1/2/3", "not found\n"),
        (
            "/jobs/pull",
            "Weir hands out no jobs. A worker says what it does with POST /stages/{stageId}/status and /stages/{stageId}/result.\n"
        ),
        (
            "/api/auth/login",
            "Weir has tokens and no sessions. Send Authorization: Bearer <token>; the operator makes one with `weir token create`.\n"
        ),
        (
            "/ws",
            "Weir has no WebSocket. GET /api/v2/events/stream follows what happens, as server-sent events.\n"
        ),
        (
            "/policies/7/enable",
            "Weir keeps no policies. POST /api/v2/alert-rules makes rules that tell people.\n"
        ),
        (
            "/rabbitmq/connection",
            "Weir has no message broker. Workers speak HTTP: POST /workers/bootstrap, /stages/{stageId}/status, /stages/{stageId}/result.\n"
        ),
    ])
    func `of Pipelogiq are 404 in plain words, and say what there is instead`(path: String, text: String) {
        let response = PathRefusal.notFound(path)
        #expect(response.status == .notFound)
        #expect(response.text == text)
        #expect(response.fields["Content-Type"] == "text/plain; charset=utf-8")
        #expect(response.fields["X-Content-Type-Options"] == "nosniff")
    }

    @Test func `of others stay as they are, also those that only look alike`() {
        for path in ["/nowhere", "/api/worker/nothing", "/api/v2", "/api/v3/x", "/observabilit", "/api/"] {
            #expect(PathRefusal.notFound(path).text == #"{"detail":"Not Found"}"#, "\(path)")
        }
    }

    @Test(arguments: [
        ("/observability/config", ""), ("/api/workers", ""), ("/pipelines", ""),
        ("/telemetry", #"{"detail":"Method Not Allowed"}"#),
    ])
    func `have no body where a method is wrong and the surface is Pipelogiq's`(path: String, text: String) {
        let response = PathRefusal.methodNotAllowed(path, [.get, .post])
        #expect(response.status == .methodNotAllowed)
        #expect(response.text == text)
        #expect(response.fields["Allow"] == "GET, POST")
    }

    @Test(arguments: [
        (
            "/api/v2/executions",
            #"{"error":"The request body has too many bytes. The limit is 7.","code":"bad_request","#
        ),
        ("/pipelines", "The request body has too many bytes. The limit is 7.\n"),
        ("/telemetry", #"{"detail":"The request body has too many bytes. The limit is 7."}"#),
        (nil, #"{"detail":"The request body has too many bytes. The limit is 7."}"#),
    ])
    func `and bodies that are too large are refused in the form of the surface`(path: String?, text: String) {
        let fault = Fault.request(RequestError(.bodyTooLarge, limit: 7))
        let head = path.map { RequestHead(method: .post, target: $0) }
        let response = FrontDoor.make(tokens: []).response(to: fault, head: head)
        #expect(response.status == .contentTooLarge)
        #expect(response.text.hasPrefix(text))
    }
}
