import Core
import Testing

@testable import Notifications

@Suite struct `The configuration of a channel` {
    private func problems(
        _ kind: ChannelKind,
        _ config: String,
        _ policy: SecretPolicy = SecretPolicy()
    ) throws -> [String] {
        channel(kind, try json(config)).problems(policy).map { "\($0.path) \($0.code)" }
    }

    @Test(
        arguments: [
            (
                .webhook,
                #"{"url":"https://h.example.org/x","template":"anything","headers":{"X-A":"b"},"unknown":1}"#
            ),
            (
                .webhook,
                #"{"url":"http://10.0.0.1:8080/x","template":"pagerduty","routing_key_ref":{"env":"WEIR_SECRET_K"}}"#
            ),
            (.email, #"{"smtp_host":"mail.example.org","to":["ops@example.org"]}"#),
            (.email, #"{"smtp_host":"::1","port":25,"to":"a@b.org, c@d.org","from":"w@e.org","tls":"none"}"#),
            (
                .email,
                #"{"smtp_host":"m","to":["a@b"],"user":"u","password_ref":{"env":"WEIR_SECRET_P"},"tls":"tls"}"#
            ),
            (.slack, #"{"url":"https://hooks.slack.com/services/T/B/x"}"#),
            (.teams, #"{"url_ref":{"env":"WEIR_SECRET_TEAMS"},"title_template":"{severity}: {title}"}"#),
            (.discord, #"{"url":"https://discord.com/api/webhooks/1/x","thread_id":"1","username":"Weir"}"#),
            (.telegram, #"{"bot_token":"1:a","chat_id":-1001234567890,"message_thread_id":3,"silent":true}"#),
            (.telegram, #"{"bot_token":"1:a","chat_id":"@ops_room"}"#),
            (.whatsapp, #"{"url":"https://p.example.org/x","to":"+49 123 456"}"#),
            (.whatsapp, #"{"provider":"meta","url":"https://g/x","to":["+49123"],"access_token":"t"}"#),
            (
                .whatsapp,
                #"{"provider":"twilio","account_sid":"AC","auth_token":"t","from":"+1","to":["+49123"]}"#
            ),
            (.pagerduty, #"{"routing_key":"0123456789abcdef0123456789ABCDEF","region":"eu"}"#),
            (
                .opsgenie,
                #"{"api_key":"k","api_url":"https://api.eu.opsgenie.com","responders":[{"type":"team","name":"x"}]}"#
            ),
            (.alertmanager, #"{"url":"http://am:9093","user":"u","password":"p"}"#),
            (.whatsapp, #"{"url":"https://wa.example.org/"}"#),
            (.exec, #"{"command":["/usr/local/bin/notify","--x"]}"#),
        ] as [(ChannelKind, String)]
    )
    func `has no problems`(kind: ChannelKind, config: String) throws {
        #expect(try problems(kind, config) == [])
    }

    @Test(
        arguments: [
            (.webhook, "[]", ["config config.type"]), (.webhook, "{}", ["config.url config.missing"]),
            (.webhook, #"{"url":""}"#, ["config.url config.url"]),
            (.webhook, #"{"url":5}"#, ["config.url config.type"]),
            (.webhook, #"{"url":"ftp://x/"}"#, ["config.url config.url"]),
            (.webhook, #"{"url":"https:///x"}"#, ["config.url config.url"]),
            (.webhook, #"{"url":"http://127.0.0.1:0/"}"#, ["config.url config.url"]),
            (.webhook, #"{"url":"https://h:65536"}"#, ["config.url config.url"]),
            (
                .webhook,
                #"{"url":"x","template":1,"headers":{"A b":"c","Host":"x","X":"a\nb","Y":7,"Z":{"a":1}}}"#,
                [
                    "config.url config.url", "config.template config.type", "config.headers.A b config.value",
                    "config.headers.Host config.value", "config.headers.X config.value",
                    "config.headers.Y config.type",
                    "config.headers.Z config.reference",
                ]
            ),
            (
                .webhook, #"{"url":"https://x/","template":"pagerduty"}"#,
                ["config.routing_key config.missing"]
            ),
            (
                .email, #"{"port":70000,"from":"x","to":["a@b","nobody"],"tls":"ssl","user":"u"}"#,
                [
                    "config.smtp_host config.missing", "config.port config.value", "config.from config.value",
                    "config.to.1 config.address", "config.tls config.value", "config.password config.missing",
                ]
            ),
            (
                .email, #"{"smtp_host":"a b","to":[]}"#,
                ["config.smtp_host config.value", "config.to config.missing"]
            ),
            (.email, #"{"smtp_host":"h","to":["a@b\r\nBcc: c@d"]}"#, ["config.to.0 config.address"]),
            (
                .telegram, #"{"chat_id":"ops"}"#,
                ["config.bot_token config.missing", "config.chat_id config.value"]
            ),
            (
                .telegram, #"{"bot_token":"[REDACTED]","chat_id":1.5}"#,
                ["config.bot_token config.value", "config.chat_id config.type"]
            ),
            (.whatsapp, #"{"to":"+49123"}"#, ["config.url config.missing"]),
            (
                .whatsapp, #"{"provider":"meta","url":"https://x/","access_token":"t"}"#,
                ["config.to config.missing"]
            ),
            (
                .whatsapp, #"{"provider":"twilio","account_sid":"A","auth_token":"t","from":"+1"}"#,
                ["config.to config.missing"]
            ),
            (
                .whatsapp, #"{"provider":"smoke","to":"+1"}"#,
                ["config.provider config.value", "config.to.0 config.address"]
            ),
            (
                .pagerduty, #"{"routing_key":"short","region":"mars"}"#,
                ["config.routing_key config.value", "config.region config.value"]
            ),
            (.opsgenie, #"{"api_key":"k","responders":["ops"]}"#, ["config.responders config.type"]),
            (.alertmanager, #"{"url":"http://u:p@am:9093"}"#, ["config.url config.url"]),
            (.exec, #"{"command":["notify"]}"#, ["config.command config.value"]),
            (
                .slack, #"{"url":"https://x/","text_template":"{nonsense}"}"#,
                ["config.text_template config.template"]
            ),
            (.slack, #"{"url_ref":{"env":"DATABASE_URL"}}"#, ["config.url_ref config.reference"]),
            (.slack, #"{"url_ref":{"file":"/etc/../etc/passwd"}}"#, ["config.url_ref config.reference"]),
        ] as [(ChannelKind, String, [String])]
    )
    func `has all its problems named at once`(kind: ChannelKind, config: String, expected: [String]) throws {
        #expect(try problems(kind, config) == expected)
    }

    @Test func `in production has secrets elsewhere, and webhooks over TLS`() throws {
        let production = SecretPolicy(isProduction: true)
        let config =
            #"{"url":"http://h/x","headers":{"X-Trace":"on","Authorization":"Bearer x"},"secret":"s"}"#
        #expect(
            try problems(.webhook, config, production) == [
                "config.url config.url", "config.headers.Authorization config.inline_secret",
                "config.secret config.inline_secret",
            ]
        )
        #expect(
            try problems(.webhook, config, SecretPolicy(isProduction: true, allowsInline: true)) == [
                "config.url config.url"
            ]
        )
        let dev = #"{"smtp_host":"h","to":["a@b"],"user":"u","password_ref":{"inline_dev":"p"}}"#
        #expect(try problems(.email, dev) == [])
        #expect(try problems(.email, dev, production) == ["config.password_ref config.reference"])
        #expect(SecretPolicy.isProduction(" Production ") && SecretPolicy.isProduction("prod"))
        #expect(!SecretPolicy.isProduction("preprod"))
    }
}

@Suite struct `Secrets of a channel` {
    private static let webhook = channel(
        .webhook,
        [
            "url": "https://hooks.example.org:8443/services/T/x?key=1", "template": "pagerduty",
            "headers": ["Authorization": ["env": "WEIR_SECRET_A"], "X-Team": "radio"],
            "routing_key_ref": ["env": "WEIR_SECRET_PD"], "x_token": "t",
            "more": ["password": "p", "plain": "q"],
        ]
    )

    @Test func `are masked, and named`() throws {
        #expect(
            try Self.webhook.masked
                == json(
                    """
                    {"url":"https://hooks.example.org:8443","template":"pagerduty",
                     "headers":{"Authorization":"[REDACTED]","X-Team":"[REDACTED]"},
                     "routing_key_ref":"[REDACTED]","x_token":"[REDACTED]",
                     "more":{"password":"[REDACTED]","plain":"q"}}
                    """
                )
        )
        #expect(
            Self.webhook.secretFields == [
                "headers.Authorization", "headers.X-Team", "more.password", "routing_key_ref", "url",
                "x_token",
            ]
        )
        #expect(
            Self.webhook.configuredFields == [
                "headers", "more", "routing_key_ref", "template", "url", "x_token",
            ]
        )
    }

    @Test(arguments: [
        ("https://h.org/x", "https://h.org"), ("https://user:pw@h.org/", "https://h.org"),
        ("HTTP://H.org:80/?a", "http://h.org"),
        ("http://[::1]:9/x", "http://[::1]:9"), ("nonsense", "[REDACTED]"),
        ("https://h.org/", "https://h.org/"),
        ("https://h.org", "https://h.org"),
    ])
    func `are not in URLs that are shown`(url: String, shown: String) {
        #expect(ChannelConfiguration.maskedURL(.text(url)) == .text(shown))
    }

    @Test func `come back masked, and are unchanged`() {
        let again = Self.webhook.merging(Self.webhook.masked)
        #expect(again == Self.webhook)
    }

    @Test func `are changed one by one`() throws {
        let merged = Self.webhook.merging(
            try json(
                """
                {"template":"generic","url":"https://other.example.org/y",
                 "headers":{"x-team":"[REDACTED]","Authorization":null,"X-New":"n"},"routing_key_ref":null}
                """
            )
        )
        #expect(
            try merged.config
                == json(
                    """
                    {"url":"https://other.example.org/y","template":"generic",
                     "headers":{"X-Team":"radio","X-New":"n"},"routing_key_ref":null,"x_token":"t",
                     "more":{"password":"p","plain":"q"}}
                    """
                )
        )
        #expect(Self.webhook.merging(try json(#"{"headers":null}"#)).config["headers"] == nil)
        #expect(Self.webhook.merging(try json("5")).config == 5)
    }

    @Test func `are sealed and unsealed by a walk over them`() throws {
        let mail = channel(
            .email,
            ["smtp_host": "h", "to": ["a@b"], "user": "u", "password": "p", "old_ref": ["inline_dev": "q"]]
        )
        for configuration in [Self.webhook, mail] {
            let sealed = configuration.mappingSecrets { "sealed(\($0))" }
            #expect(sealed != configuration)
            #expect(sealed.mappingSecrets { String($0.dropFirst(7).dropLast()) } == configuration)
        }
        let sealed = Self.webhook.mappingSecrets { _ in "sealed" }
        #expect(
            try sealed.config
                == json(
                    """
                    {"url":"sealed","template":"pagerduty",
                     "headers":{"Authorization":{"env":"WEIR_SECRET_A"},"X-Team":"sealed"},
                     "routing_key_ref":{"env":"WEIR_SECRET_PD"},"x_token":"sealed",
                     "more":{"password":"sealed","plain":"q"}}
                    """
                )
        )
    }

    @Test(arguments: [
        ("see http://h/q?API_KEY=k1&page=2 now", "see http://h/q?API_KEY=[REDACTED]&page=2 now"),
        ("password=a token=b", "password=[REDACTED] token=[REDACTED]"), ("Token=\"", "Token=[REDACTED]\""),
        ("nothing", "nothing"),
    ])
    func `are cut out of texts`(text: String, shown: String) {
        #expect(Redaction.masked(text: text) == shown)
    }
}
