import Core
import Glibc
import TestKit
import Testing

@testable import Notifications

@Suite struct `What became of a message` {
    @Test(arguments: [
        SendOutcome.sent(status: 250, note: "no secret-one, no secret-one-two"),
        .again(status: 500, after: nil, why: "no secret-one, no secret-one-two"),
        .refused(status: 400, why: "no secret-one, no secret-one-two"),
        .gone(status: 404, why: "no secret-one, no secret-one-two"),
    ])
    func `is told without secrets, the longest first`(outcome: SendOutcome) {
        let config: JSONValue = ["headers": ["A": "secret-one", "B": "secret-one-two"]]
        let secrets = channel(.webhook, config).secretTexts
        #expect(outcome.hiding(secrets).why == "no [REDACTED], no [REDACTED]")
        #expect(SendOutcome.sent(status: 200, note: "token=abc").hiding([]).why == "token=[REDACTED]")
    }

    @Test func `is told without the token of a URL, which an answer may repeat alone`() {
        let secrets = channel(.slack, ["url": "https://h.example/s/T0/abcdefghijkl?k=12345678"]).secretTexts
        #expect(SendOutcome.refused(status: 400, why: "abcdefghijkl").hiding(secrets).why == "[REDACTED]")
        #expect(
            SendOutcome.refused(status: 400, why: "/s/T0/abcdefghijkl?k=12345678").hiding(secrets).why
                == "/[REDACTED]"
        )
    }

    @Test func `for several recipients is the best of theirs`() {
        let (sent, again) = (
            SendOutcome.sent(status: 200, note: nil), SendOutcome.again(status: 500, after: nil, why: "busy")
        )
        let refused = SendOutcome.refused(status: 400, why: "bad")
        #expect(SendOutcome.combined([("a", refused), ("b", again)]) == again)
        #expect(SendOutcome.combined([("a", refused), ("b", .gone(status: 404, why: "x"))]) == refused)
        #expect(
            SendOutcome.combined([("a", refused), ("b", again), ("c", sent)])
                == .sent(status: 200, note: "not taken: a: bad; not taken: b: busy")
        )
        #expect(SendOutcome.combined([]) == .refused(status: nil, why: "there is no recipient"))
    }

    @Test(
        arguments: [
            ("Mon, 16 Feb 2026 12:00:05 GMT", 1_771_243_205), ("Thu, 31 Dec 1970 23:59:60 GMT", 31_536_000),
            ("Tue, 31 Feb 2026 12:00:00 GMT", nil), ("Mon, 16 Feb 2026 24:00:00 GMT", nil),
            ("Mon, 16 Feb 2026 12:00:05 CET", nil), ("soon", nil),
        ] as [(String, Int64?)]
    )
    func `may name a date`(text: String, seconds: Int64?) {
        #expect(HTTPDate.seconds(text) == seconds)
    }

    @Test func `may ask for a pause, which is never shorter than it says`() {
        #expect(Answer.duration(0.0001) == .milliseconds(1))
        #expect(Answer.duration(-5) == .zero)
        #expect(Answer.duration(.infinity) == nil && Answer.duration(nil) == nil)
    }
}

@Suite struct `What is sent` {
    @Test func `has the channel's words, and the secret of a reference, also in production`() async throws {
        setenv("WEIR_SECRET_ECHO", "sesame-open", 1)
        let telegram = try Receiver(
            Receiver.answer(200, #"{"ok":true}"#),
            Receiver.answer(400, #"{"ok":false,"description":"who is sesame-open?"}"#)
        )
        let config: JSONValue = [
            "bot_token_ref": ["env": "WEIR_SECRET_ECHO"], "chat_id": 1, "title_template": "{event}!",
            "api_base": .text(telegram.url),
        ]
        let weir = sender { $0.secrets = SecretPolicy(isProduction: true) }
        #expect(await weir.send(stageFailed(), over: channel(.telegram, config)).isSent)
        let request = try #require(telegram.requests.first)
        #expect(request.line == "POST /botsesame-open/sendMessage HTTP/1.1")
        #expect(try request.json["text"]?.string?.hasPrefix("[ERROR] stage_failed!\n") == true)
        let refused = await weir.send(stageFailed(), over: channel(.telegram, config))
        #expect(refused == .refused(status: 400, why: "HTTP 400: who is [REDACTED]?"))
    }
}

@Suite struct `The words of a message` {
    private static let rich = stageFailed().with {
        $0.facts = [.init(name: "pipelineId", json: Array(#""1\n2""#.utf8))]
        $0.labels = [("pipelineId", "other"), ("project", "orders")]
        $0.suppressed = 3
    }

    @Test func `are one line for each identifier, and say what was held back`() {
        #expect(
            Self.rich.block(.utf16(1000))
                == """
                [ERROR] Stage failed
                Pipeline 12 stage 34 failed (charge-card)
                event: stage_failed
                time: 2026-02-16T12:00:00Z
                pipelineId: 1 2
                suppressed: 3
                """
        )
    }

    @Test func `name a fact once, also where a label has its name`() throws {
        #expect(
            try Self.rich.customDetails
                == json(#"{"pipelineId":"1\n2","project":"orders","suppressed":3}"#)
        )
    }

    @Test func `have no word for critical in the original's body, and say that it is over`() throws {
        let critical = stageFailed().resolved.with { $0.severity = .critical }
        #expect(
            try critical.genericBody
                == json(
                    """
                    {"source":"pipelogiq","channel":"webhook","alert":{"event":"stage_failed","title":"Stage recovered",
                     "message":"Pipeline 12 stage 34 failed (charge-card)","severity":"error",
                     "timestamp":"2026-02-16T12:30:00Z","dedupeKey":"pipelogiq/stage_failed/12:34","status":"resolved"}}
                    """
                )
        )
    }

    @Test func `of a template for the title alone are the summary of the body`() {
        let config: JSONValue = ["url": "https://x/", "title_template": "{event}!"]
        let worded = stageFailed(.beampipe).with { $0.body = Array(#"{"summary":"s"}"#.utf8) }
            .worded(by: channel(.webhook, config))
        #expect(String(decoding: worded.body, as: UTF8.self) == #"{"summary":"stage_failed!"}"#)
        let blank = stageFailed().with { $0.title = " \n " }.worded(by: channel(.webhook, [:]))
        #expect(blank.title == "stage_failed")
    }
}

@Suite struct `Names of secrets` {
    @Test(arguments: [
        "password", "DB_PASSPHRASE", "passcode", "x_token", "clientSecret", "credentials", "Authorization",
        "routing_key", "private_key", "myWebhook", "API_KEY",
    ])
    func `are known by their words`(name: String) {
        #expect(Redaction.isSecret(name))
        #expect(
            channel(.slack, ["url": "https://h/", "more": .object([.init(name, "x")])]).masked["more"]
                == .object([.init(name, "[REDACTED]")])
        )
    }

    @Test(arguments: [
        "password", "passphrase", "passcode", "token", "secret", "apikey", "api_key", "authorization",
    ])
    func `are followed by what texts hide`(name: String) {
        #expect(Redaction.masked(text: "a \(name.uppercased())=b c") == "a \(name.uppercased())=[REDACTED] c")
    }

    @Test func `of references hide what is written in their place`() throws {
        let sealed = channel(
            .slack,
            ["url_ref": "https://h/secret", "x_token": ["file": "/run/secrets/x", "inline_dev": "y"]]
        ).mappingSecrets { _ in "sealed" }
        #expect(
            try sealed.config
                == json(#"{"url_ref":"sealed","x_token":{"file":"/run/secrets/x","inline_dev":"sealed"}}"#)
        )
    }

    @Test func `of header fields have no case where they are changed`() throws {
        let merged = channel(.webhook, ["headers": ["X-Team": "radio"]])
            .merging(try json(#"{"headers":{"x-team":"video"}}"#))
        #expect(try merged.config == json(#"{"headers":{"x-team":"video"}}"#))
    }

    @Test func `of a user belong to a password`() {
        let problems = channel(.alertmanager, ["url": "http://am:9093", "password": "p"]).problems()
        #expect(problems.map { "\($0.path) \($0.code)" } == ["config.user config.missing"])
    }
}
