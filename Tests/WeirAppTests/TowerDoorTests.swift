import API
import Core
import HTTPServer
import TestKit
import Testing

@testable import WeirApp

/// Tower's client at the door: the only refusal is the one of a wrong token. Contract nextflow §5.2, §6 (36).
@Suite struct `Tower's client at the door` {
    private static func basic(_ text: String) -> String { "Basic " + Base64.encode(Array(text.utf8)) }
    private static let create = #"{"sessionId":"s","runName":"n","workflowId":null,"instant":1771524301112}"#

    @Test func `is known by its token in each of its forms, and refused with a message`() async throws {
        // A token of Seqera's own kind is sent as it is, like a JWT; any other as the password of @token.
        let secrets = ["h.p.s", Base64.encode(Array(#"{"tid":1}.signature"#.utf8)), "plain"]
        let weir = try await EmbeddedServer.start(listen: "127.0.0.1:0,tower@127.0.0.1:0") { settings in
            settings.tokens = secrets.map { AccessToken(name: "t", secret: $0, scopes: [.ingest]) }
            settings.tokens.append(AccessToken(name: "r", secret: "reader", scopes: [.read]))
            settings.maxBody = 4096
        }
        let client = try weir.client()
        for authorization in ["Bearer \(secrets[0])", "Bearer \(secrets[1])", Self.basic("@token:plain")] {
            let fields = [("Authorization", authorization)]
            let answer = try client.send(
                "POST",
                "/tower/trace/create",
                fields: fields,
                body: Array(Self.create.utf8)
            )
            #expect(answer.status == 200, "\(authorization)")
        }
        for fields in [[], [("Authorization", Self.basic("@token:wrong"))]] {
            let answer = try client.send(
                "POST",
                "/tower/trace/create",
                fields: fields,
                body: Array(Self.create.utf8)
            )
            #expect(answer.status == 401)
            #expect(try JSONDocument(answer.body).root["message"]?.string?.isEmpty == false)
        }
        for (token, status) in [("plain", 200), ("reader", 200), ("wrong", 401)] {
            let other = try weir.client(fields: [("X-API-Key", token)])
            let user = try other.get("/tower/user-info")
            #expect(user.status == status, "\(token)")
            if status == 200 {
                #expect(user.text == #"{"user":{"id":1,"userName":"\#(token == "plain" ? "t" : "r")"}}"#)
            }
            #expect(try other.get("/tower/user/1/workspaces").status == status)
            #expect(try other.get("/tower/ping").text == "pong")
            #expect(
                try other.get("/tower/service-info").text
                    == #"{"message":null,"serviceInfo":{"version":"weir","commitId":null,"authTypes":[],"loginPath":null}}"#
            )
        }
        let own = try weir.client(profile: "tower", fields: [("X-API-Key", "plain")])
        #expect(try own.send("PUT", "/trace/abc/heartbeat", fields: [], body: Array("{}".utf8)).status == 200)
        try Self.large(try weir.client(fields: [("X-API-Key", "plain")]), "/tower/trace/abc/progress")
        try Self.large(own, "/trace/abc/progress")
        try Self.limit(try weir.client(fields: [("X-API-Key", "plain")]))
        await weir.stop()
    }

    /// One byte decides.
    private static func limit(_ client: HTTPTestClient) throws {
        for (bytes, status) in [(4096, "OK"), (4097, "KO")] {
            let start = #"{"tasks":[],"more":""#
            let body = start + String(repeating: "x", count: bytes - start.utf8.count - 2) + #""}"#
            #expect(body.utf8.count == bytes)
            let answer = try client.send(
                "PUT",
                "/tower/trace/abc/progress",
                fields: [],
                body: Array(body.utf8)
            )
            #expect(answer.status == 200)
            #expect(try JSONDocument(answer.body).root["status"]?.string == status, "\(bytes)")
        }
    }

    /// 413 would end the user's run, whether the length was announced or a proxy sends the body in chunks.
    private static func large(_ client: HTTPTestClient, _ path: String) throws {
        let body = #"{"tasks":[],"instant":1,"more":"\#(String(repeating: "x", count: 500_000))"}"#
        let chunks = "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n"
        for (fields, sent) in [([], body), ([("Transfer-Encoding", "chunked")], chunks)] {
            let dropped = try client.send("PUT", path, fields: fields, body: Array(sent.utf8))
            #expect(dropped.status == 200)
            #expect(
                dropped.text
                    == #"{"status":"KO","message":"Weir dropped this call: it is larger than WEIR_MAX_BODY. The run goes on.","workflowId":"abc"}"#
            )
        }
    }
}
