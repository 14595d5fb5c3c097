import Core
import Notifications
import Testing

@testable import AlertsClient

@Suite struct `A server` {
    private let stub = StubServer()

    @Test func `is asked for the next page until there is none`() throws {
        let base = "GET /api/v2/alert-incidents?status=firing&project=a%20b&limit="
        stub.answer("\(base)3", 200, #"{"incidents":[{"uuid":"1"},{"uuid":"2"}],"next_cursor":"c=1"}"#)
        stub.answer("\(base)1&cursor=c%3D1", 200, #"{"incidents":[{"uuid":"3"}],"next_cursor":null}"#)
        #expect(
            try stub.server.incidents(isFiring: true, project: "a b", limit: 3).map(\.id) == ["1", "2", "3"]
        )
        stub.answer(
            "GET /api/v2/alert-deliveries?status=failed&limit=500",
            200,
            #"[{"uuid":"1"}]"#,
            next: "n"
        )
        stub.answer("GET /api/v2/alert-deliveries?status=failed&limit=500&cursor=n", 200, #"[{"uuid":"2"}]"#)
        #expect(try stub.server.deliveries(statuses: ["failed"], limit: 1000).map(\.id) == ["1", "2"])
    }

    @Test func `that refuses is quoted, with what to do`() {
        stub.answer("GET /api/v2/silences", 401, #"{"error":"A token is needed."}"#)
        stub.answer("GET /api/v2/silences", 403, #"{"detail":"Forbidden"}"#)
        stub.answer("GET /api/v2/silences", 400, #""bad matcher format: x""#)
        stub.answer("GET /api/v2/silences", 502, "<html>")
        stub.answer("GET /api/v2/silences", 200, "<html>")
        let says = [
            ["the server answered 401: A token is needed.", "  pass --token, or set WEIR_TOKEN"],
            [
                "the server answered 403: Forbidden",
                "  the token needs the scope admin: weir token create NAME --scope admin",
            ],
            ["the server answered 400: bad matcher format: x"], ["the server answered 502"],
            ["the answer is not one of Weir's; is http://stub a Weir with alerts?"],
        ]
        for lines in says {
            let error = #expect(throws: AlertsFailure.self) { try stub.server.silences() }
            #expect(error?.lines == lines)
        }
    }

    @Test func `tells every value that is wrong`() {
        stub.answer(
            "POST /api/v2/notification-channels",
            400,
            #"""
            {"error":"config.url: no (and 1 more)","failure":{"diagnostics":[
              {"path":"config.url","message":"no","hint":"yes"},{"path":"name","message":"is empty"}]}}
            """#
        )
        let error = #expect(throws: AlertsFailure.self) { try stub.server.add(.channel, .object([])) }
        #expect(
            error?.lines == [
                "the server answered 400: config.url: no (and 1 more)", "  config.url: no (yes)",
                "  name: is empty",
            ]
        )
    }

    @Test(arguments: [
        (
            #"{"delivery_id":"d","status":"sent_or_failed","result":"sent","http_status":200,"duration_ms":12}"#,
            "delivered to phone in 12 ms (HTTP 200)", true
        ),
        (
            #"{"delivery_id":"d","status":"sent_or_failed","result":"failed","error":"HTTP 503: no"}"#,
            "not delivered to phone: HTTP 503: no", false
        ),
        (
            #"{"delivery_id":"d","status":"failed","error":"no answer","http_status":null}"#,
            "not delivered to phone: no answer", false
        ),
    ])
    func `says what became of a test`(answer: String, line: String, isDelivered: Bool) throws {
        stub.answer("POST /api/v2/notification-channels/c1/test", 200, answer)
        let outcome = try stub.server.test("c1")
        #expect(outcome.line("phone") == line)
        #expect(outcome.isDelivered == isDelivered)
    }

    @Test func `that only tells the delivery of a test is asked for that`() throws {
        stub.answer(
            "POST /api/v2/notification-channels/c1/test",
            200,
            #"{"delivery_id":"d1","status":"sent_or_failed"}"#
        )
        stub.answer("GET /api/v2/alert-deliveries/d1", 200, #"{"uuid":"d1","status":"failed","error":"no"}"#)
        #expect(try stub.server.test("c1").line("phone") == "not delivered to phone: no")
    }

    @Test func `gets a silence in Alertmanager's form`() throws {
        stub.answer("POST /api/v2/silences", 200, #"{"silenceID":"s1"}"#)
        let start = try #require(Timestamp(lenient: "2026-11-29T12:00:00Z"))
        let silence = NewSilence(
            try MatcherReader.read([#"process=~"A.*""#]),
            from: start,
            until: start + .seconds(7200),
            by: "ann",
            comment: "move"
        )
        #expect(
            String(decoding: silence.body.json, as: UTF8.self) == """
                {"matchers":[{"name":"process","value":"A.*","isRegex":true,"isEqual":true}],\
                "startsAt":"2026-11-29T12:00:00.000000Z","endsAt":"2026-11-29T14:00:00.000000Z",\
                "createdBy":"ann","comment":"move"}
                """
        )
        #expect(try stub.server.add(silence) == "s1")
    }
}

@Suite struct `An export` {
    @Test func `is a file that changes nothing, once its secrets are in the environment`() throws {
        let text = """
            channels:
              on call 1:
                kind: webhook
                url: https://h.example/x
                headers: {X-Team: a, Authorization: {env: WEIR_SECRET_A}}
                title_template: "{title} $${{x"
              sms: {kind: whatsapp, url: https://wa.example.org/, to: ["+49170", "+49171"], enabled: false}
            rules:
              "yes":
                description: "two\\nlines: a"
                when: metric_threshold
                with: {metric: rss, threshold: 0.2, for: 90s, labels: {job: "1", "a,b": x}}
                severity: critical
                project: radio
                scope: {process: "A*"}
                channels: [on call 1, sms]
                cooldown: 30m
                send_resolved: true
                dedupe_by: rule
                enabled: false
              failed: {when: event, with: {events: [stage_failed, pipeline_failed]}}
            """
        let stub = StubServer()
        try Files.apply(try Files.read(text), stub)
        let lines = AlertsExport.lines(try stub.server.channels(), try stub.server.rules())
        #expect(lines.contains("    url: ${ON_CALL_1_URL}  # https://h.example/…"))
        #expect(lines.contains("      Authorization: ${ON_CALL_1_HEADERS_AUTHORIZATION}"))
        #expect(lines.contains("      for: 90s"))
        let file = try Files.read(
            lines.joined(separator: "\n"),
            [
                "ON_CALL_1_URL": "https://h.example/x", "ON_CALL_1_HEADERS_AUTHORIZATION": "t",
                "ON_CALL_1_HEADERS_X_TEAM": "a", "SMS_URL": "https://wa.example.org/",
            ]
        )
        let plan = try Files.plan(file, stub)
        // A reference is no longer one: the file has the secret itself.
        #expect(plan.steps.filter { $0.action != .keep }.map(\.name) == ["on call 1"])
        #expect(plan.steps[0].changes.map(\.name) == ["headers.Authorization (a secret)"])
    }

    @Test func `quotes what could be read as something else`() {
        #expect(
            ["a b", "yes", "1", "a: b", "", "x,y", "#x", "null", "-", "a/b@c"].map { YAMLText.text($0) }
                == [
                    "a b", #""yes""#, #""1""#, #""a: b""#, #""""#, "x,y", ##""#x""##, #""null""#, #""-""#,
                    "a/b@c",
                ]
        )
        #expect(YAMLText.text("x,y", inList: true) == #""x,y""#)
    }

    @Test func `of a channel leads through --set`() throws {
        let config = try SetOptions.config(
            ["smtp_host=h", "port=587", "to=[\"a@b.example\"]", "password=${P}", "user=0815"],
            .email,
            variables: ["P": "12"]
        )
        #expect(
            String(decoding: config.json, as: UTF8.self)
                == #"{"smtp_host":"h","port":587,"to":["a@b.example"],"password":"12","user":"0815"}"#
        )
        let headers = try SetOptions.config(["headers.X-A=1", "headers.X-B=2"], .webhook, variables: [:])
        #expect(String(decoding: headers.json, as: UTF8.self) == #"{"headers":{"X-A":"1","X-B":"2"}}"#)
        #expect(throws: AlertsFailure("--set takes key=value, not 'x'")) {
            try SetOptions.config(["x"], .slack, variables: [:])
        }
        #expect(throws: AlertsFailure.self) { try SetOptions.config(["colour=x"], .slack, variables: [:]) }
    }
}
