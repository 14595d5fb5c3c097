import Alerts
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

    /// A configuration of each kind, with every member.
    private static func config(_ kind: TriggerKind) -> String {
        switch kind {
        case .executionTerminal, .discoveryChanged: "{}"
        case .pendingBacklog: #"{"threshold":50,"for_seconds":90}"#
        case .pendingStale: #"{"max_age_seconds":21600}"#
        case .discoveryStall: #"{"window_minutes":120}"#
        case .dependencyDown: #"{"dependency":"postgres"}"#
        case .dailySummary: #"{"window_hours":-1}"#
        case .metricThreshold:
            #"{"metric":"a:b","labels":{"x":"1, 2"},"comparator":"ge","threshold":-1.5e-3,"for_seconds":0.5,"aggregate":"p95","window_minutes":7}"#
        case .eventMatch:
            #"{"event_type":"run.","min_count":2,"window_minutes":60,"payload":{"n":1,"f":true,"t":"yes"}}"#
        case .executionStatus: #"{"statuses":["completed","failed"]}"#
        case .event: #"{"events":["stage_failed"],"group_by":["pipeline"],"min_severity":"error"}"#
        case .absence:
            #"{"of":"success","agent":"a: b","cron":"0 6 * * *","time_zone":"Europe/Berlin","grace_seconds":3600}"#
        case .failureRatio:
            #"{"of":"agent","threshold":0.25,"min_count":3,"window_minutes":90,"for_seconds":60}"#
        case .runStuck: #"{"after_seconds":1801,"since":"start"}"#
        case .runSlow: #"{"factor":1.25,"min_seconds":86400}"#
        case .retryStorm: #"{"threshold":5,"window_minutes":1}"#
        case .deadLetters: #"{"threshold":0}"#
        case .lag: #"{"threshold_seconds":300,"for_seconds":0}"#
        case .disk: #"{"threshold_percent":90.5}"#
        }
    }

    @Test(arguments: TriggerKind.allCases) func `of a rule reads as the same rule, whatever its kind`(
        kind: TriggerKind
    ) throws {
        let stub = StubServer()
        let config = JSONValue(try JSONDocument(Array(Self.config(kind).utf8)).root)
        for severity in ["event", "critical"] {
            let body: JSONValue = [
                "name": .text(severity), "trigger_kind": .text(kind.rawValue), "severity": .text(severity),
                "trigger_config": config,
                "origin": "file",
            ]
            _ = try stub.server.add(.rule, body)
        }
        let lines = AlertsExport.lines([], try stub.server.rules())
        let plan = try Files.plan(try Files.read(lines.joined(separator: "\n")), stub)
        #expect(plan.isEmpty && plan.steps.count == 2, "\(plan.lines(width: 80)) \(lines)")
    }

    /// Weir's own rules tell every channel, others those that they name.
    @Test func `of a rule of Weir's own names the channels, so that it can be adopted`() throws {
        let stub = StubServer()
        try Files.apply(
            try Files.read(
                "channels: {b: {kind: slack, url: 'https://x/'}, a: {kind: slack, url: 'https://x/'}}"
            ),
            stub
        )
        let own: JSONValue = [
            "name": "disk", "trigger_kind": "disk", "severity": "critical", "origin": "default",
        ]
        _ = try stub.server.add(.rule, own)
        let lines = AlertsExport.lines(try stub.server.channels(), try stub.server.rules()) {
            $0 == "default"
        }
        let file = try Files.read(lines.joined(separator: "\n"))
        #expect(throws: AlertsFailure.self) { try Files.plan(file, stub) }
        let plan = try Files.plan(file, stub, adopts: true)
        #expect(plan.steps.map(\.action) == [.change])
        #expect(
            plan.steps[0].changes.map(\.line) == ["channels: all -> a, b", "origin: default -> file"]
        )
        try Files.apply(file, stub, adopts: true)
        let rule = try #require(try stub.server.rules().first)
        #expect(rule.origin == "file" && rule.channels.count == 2)
        #expect(try Files.plan(file, stub).isEmpty)
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
