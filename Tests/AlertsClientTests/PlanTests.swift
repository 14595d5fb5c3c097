import Core
import Notifications
import Synchronization
import Testing

@testable import AlertsClient

@Suite struct `A plan` {
    private static let text = """
        channels:
          phone: {kind: slack, url: "${URL}"}
          mail: {kind: email, smtp_host: smtp.example.org, to: [a@example.org]}
        rules:
          failed:
            when: event
            with: {events: [pipeline_failed], min_severity: error}
            channels: [phone]
          lag: {when: lag, channels: [phone, mail]}
        """

    private func file(_ edit: (String) -> String = { $0 }, url: String = "https://hooks.example.org/a") throws
        -> AlertsFile
    {
        try Files.read(edit(Self.text), ["URL": url])
    }

    @Test func `adds what is missing, channels before the rules that name them`() throws {
        let stub = StubServer()
        let plan = try Files.plan(try file(), stub)
        #expect(
            plan.lines(width: 80) == [
                "+ channel  mail  (email)", "+ channel  phone  (slack)", "+ rule     failed  (event)",
                "+ rule     lag  (lag)", "", "4 to add, 0 to change, 0 to delete, 0 unchanged",
            ]
        )
        try Files.apply(try file(), stub)
        #expect(
            stub.writes == [
                "POST /api/v2/notification-channels", "POST /api/v2/notification-channels",
                "POST /api/v2/alert-rules", "POST /api/v2/alert-rules",
            ]
        )
        let rules = try stub.server.rules()
        #expect(rules.map(\.channels) == [["channel-2"], ["channel-2", "channel-1"]])
        #expect(rules.map(\.origin) == ["file", "file"])
    }

    @Test func `has nothing to do the second time`() throws {
        let stub = StubServer()
        try Files.apply(try file(), stub)
        let before = stub.writes
        let plan = try Files.plan(try file(), stub)
        #expect(plan.isEmpty)
        #expect(plan.lines(width: 80) == ["0 to add, 0 to change, 0 to delete, 4 unchanged"])
        try Files.apply(try file(), stub)
        #expect(stub.writes == before)
    }

    @Test func `names the fields that change, with their values`() throws {
        let stub = StubServer()
        try Files.apply(try file(), stub)
        let changed = try file {
            $0.replacing("min_severity: error", with: "min_severity: warning, group_by: [project]")
                .replacing(
                    "channels: [phone]",
                    with: "channels: [mail]\n    cooldown: 30m\n    enabled: false"
                )
                .replacing("smtp.example.org", with: "mx.example.org")
        }
        let plan = try Files.plan(changed, stub)
        #expect(
            plan.lines(width: 80) == [
                "~ channel  mail  (email)", "      smtp_host: smtp.example.org -> mx.example.org",
                "~ rule     failed  (event)", #"      with.group_by: none -> ["project"]"#,
                "      with.min_severity: error -> warning", "      channels: phone -> mail",
                "      cooldown: 1h -> 30m", "      enabled: true -> false", "",
                "0 to add, 2 to change, 0 to delete, 2 unchanged",
            ]
        )
        try Files.apply(changed, stub)
        #expect(try Files.plan(changed, stub).isEmpty)
    }

    @Test func `sees a secret that changes behind its mask, and shows none`() throws {
        let stub = StubServer()
        try Files.apply(try file(), stub)
        let other = try file(url: "https://hooks.example.org/b")
        #expect(
            try Files.plan(other, stub).lines(width: 80) == [
                "~ channel  phone  (slack)", "      url (a secret)", "",
                "0 to add, 1 to change, 0 to delete, 3 unchanged",
            ]
        )
        let elsewhere = try Files.plan(try file(url: "https://other.example.org/b"), stub)
        #expect(elsewhere.lines(width: 80)[1] == "      url")
        try Files.apply(other, stub)
        #expect(try Files.plan(other, stub).isEmpty)
    }

    @Test func `says so where the server can't compare secrets, and sends them again`() throws {
        let stub = StubServer()
        try Files.apply(try file(), stub)
        stub.state.withLock { $0.canCompare = false }
        #expect(
            try Files.plan(try file(), stub).lines(width: 80) == [
                "~ channel  phone  (slack)",
                "      secrets, which this server doesn't compare: they are sent again", "",
                "0 to add, 1 to change, 0 to delete, 3 unchanged",
            ]
        )
    }

    @Test func `takes away what a channel doesn't have any more`() throws {
        let stub = StubServer()
        let old = try Files.read(
            "channels:\n  a:\n    kind: webhook\n    url: https://h.example/x\n    template: slack\n"
                + "    headers: {X-A: '1', X-B: '2'}\n"
        )
        let new = try Files.read(
            "channels:\n  a:\n    kind: webhook\n    url: https://h.example/x\n    headers: {X-B: '2'}\n"
        )
        try Files.apply(old, stub)
        #expect(
            try Files.plan(new, stub).steps[0].changes == [
                .init("headers.X-A"), .init("template", "slack", "none"),
            ]
        )
        try Files.apply(new, stub)
        #expect(try Files.plan(new, stub).isEmpty)
        let config = try stub.server.channels()[0].config
        #expect(config["headers"]?.members.map(\.name) == ["X-B"])
    }

    @Test func `deletes only with --prune, and only what was made from files`() throws {
        let stub = StubServer()
        _ = try stub.server.add(.rule, ["name": "by hand", "trigger_kind": "lag", "origin": "api"])
        try Files.apply(try file(), stub)
        let less = try Files.read(
            "channels:\n  mail: {kind: email, smtp_host: smtp.example.org, to: [a@example.org]}\n"
        )
        #expect(try Files.plan(less, stub).isEmpty)
        let plan = try Files.plan(less, stub, prunes: true)
        #expect(
            plan.lines(width: 80) == [
                "- rule     failed  (event)", "- rule     lag  (lag)", "- channel  phone  (slack)", "",
                "0 to add, 0 to change, 3 to delete, 1 unchanged",
            ]
        )
        try Files.apply(less, stub, prunes: true)
        #expect(try stub.server.rules().map(\.name) == ["by hand"])
        #expect(try stub.server.channels().map(\.name) == ["mail"])
    }

    @Test func `leaves what others made alone until it is adopted`() throws {
        let stub = StubServer()
        let slack: JSONValue = [
            "name": "phone", "kind": "slack", "config": ["url": "https://hooks.example.org/a"],
        ]
        _ = try stub.server.add(.channel, slack)
        let refusal = """
            a.yaml:2: the channel phone was not made from a file (its origin is api): pass --adopt to take it over
            """
        #expect(throws: AlertsFailure(refusal)) { try Files.plan(try file(), stub) }
        let plan = try Files.plan(try file(), stub, adopts: true)
        #expect(plan.steps[1].changes == [.init("origin", "api", "file")])
        try Files.apply(try file(), stub, adopts: true)
        #expect(try Files.plan(try file(), stub).isEmpty)
    }

    @Test func `refuses channels that nobody has, and another kind, with their lines`() throws {
        let stub = StubServer()
        try Files.apply(try file(), stub)
        let wrong = try file {
            $0.replacing("[phone, mail]", with: "[phone, pager]").replacing(
                "{kind: slack,",
                with: "{kind: teams,"
            )
        }
        #expect(
            throws: AlertsFailure(
                "a.yaml:2: the channel phone is of kind slack at the server, and a kind can't be changed: "
                    + "delete it first, or choose another name",
                "a.yaml:9: no channel is called pager, neither in a file nor at the server"
            )
        ) { try Files.plan(wrong, stub) }
    }

    @Test func `tells the line of what the server refuses`() throws {
        let stub = StubServer()
        stub.answer(
            "POST /api/v2/alert-rules",
            400,
            #"{"error":"x","failure":{"diagnostics":[{"path":"trigger_config.min_severity","message":"is none"}]}}"#
        )
        #expect(
            throws: AlertsFailure(
                "the rule failed could not be added:",
                "a.yaml:7: trigger_config.min_severity: is none",
                status: 400
            )
        ) { try Files.apply(try file(), stub) }
        // What was done before stays, and the next time goes on from there.
        #expect(try Files.plan(try file(), stub).summary == "2 to add, 0 to change, 0 to delete, 2 unchanged")
    }

    @Test func `is JSON for programs`() throws {
        let plan = try Files.plan(try Files.read("rules:\n  lag: {when: lag}\n"), StubServer())
        #expect(
            plan.json(isDone: false) == """
                {"steps":[{"action":"add","resource":"rule","name":"lag","kind":"lag","uuid":null,"fields":[]}],\
                "add":1,"change":0,"delete":0,"unchanged":0,"applied":false}
                """
        )
    }
}
