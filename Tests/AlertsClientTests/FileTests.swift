import Alerts
import Core
import Foundation
import Notifications
import Testing

@testable import AlertsClient

@Suite struct `A file of channels and rules` {
    private static let whole = """
        x-often: &often
          cooldown: 10m
          severity: critical
        channels:
          phone:
            kind: webhook
            url: https://example.org/${KEY}
            headers:
              X-Team: "0815"
              Authorization: {env: WEIR_SECRET_AUTH}
          sms:
            kind: whatsapp
            url: https://wa.example.org
            to: +49170123456
            enabled: false
        rules:
          run failed:
            when: event
            with:
              events: [pipeline_failed]
              group_by:
                - project
            channels: [phone, sms]
            cooldown: 90s
            send_resolved: true
            scope: {project: "radio*"}
          memory high:
            when: metric_threshold
            with: {metric: rss, threshold: 1e9, for: 5m, window: 2h}
            project: radio
            dedupe_by: project
            channels: phone
        """

    @Test func `is read with its defaults, durations and placeholders`() throws {
        let file = try Files.read(Self.whole, ["KEY": "s3cret"])
        #expect(file.channels.map(\.name) == ["phone", "sms"])
        let json = file.channels.map { String(decoding: $0.config.json, as: UTF8.self) }
        #expect(
            json == [
                #"{"url":"https://example.org/s3cret","#
                    + #""headers":{"X-Team":"0815","Authorization":{"env":"WEIR_SECRET_AUTH"}}}"#,
                #"{"url":"https://wa.example.org","to":"+49170123456"}"#,
            ]
        )
        #expect(file.channels.map(\.isEnabled) == [true, false])
        let bodies = file.rules.map { String(decoding: $0.body(channelIDs: ["1"]).json, as: UTF8.self) }
        #expect(
            bodies == [
                #"{"name":"memory high","description":null,"project_module":"radio","enabled":true,"#
                    + #""severity":"warning","trigger_kind":"metric_threshold","#
                    + #""trigger_config":{"metric":"rss","threshold":1000000000.0,"for_seconds":300,"#
                    + #""window_minutes":120},"scope":{},"channel_ids":["1"],"cooldown_seconds":3600,"#
                    + #""dedupe_by":"project","send_resolved":false,"origin":"file"}"#,
                #"{"name":"run failed","description":null,"project_module":null,"enabled":true,"#
                    + #""severity":"warning","trigger_kind":"event","#
                    + #""trigger_config":{"events":["pipeline_failed"],"group_by":["project"]},"#
                    + #""scope":{"project":"radio*"},"channel_ids":["1"],"cooldown_seconds":90,"#
                    + #""dedupe_by":"subject","send_resolved":true,"origin":"file"}"#,
            ]
        )
        #expect(file.rules.map(\.channels) == [["phone"], ["phone", "sms"]])
    }

    @Test(arguments: [
        ("channels: [", "a.yaml:2: while parsing a flow node: did not find expected node content"),
        ("rules:\n  a: {when: event, when: lag}", "a.yaml:2: when is there twice, first in line 2"),
        ("rulez:\n", "a.yaml:1: rulez is not known here: there are channels, rules"),
        ("- a\n", "a.yaml:1: is a list, not a map"),
        ("channels:\n  a:\n    kind: slak\n", "a.yaml:3: channels.a: kind is none of webhook, email, "),
        ("channels:\n  a:\n    url: x\n", "a.yaml:2: channels.a: kind is missing: it is one of webhook, "),
        (
            "channels:\n  a:\n    kind: slack\n    url: https://h.example/x\n    colour: red\n",
            "a.yaml:5: channels.a: colour is not known here: there are url, url_ref, title_template, "
        ),
        ("channels:\n  a:\n    kind: slack\n\n    url: ftp://x\n", "a.yaml:5: channels.a: url: "),
        (
            "channels:\n  a:\n    kind: slack\n    url: '${NONE}'\n",
            "a.yaml:4: channels.a: url: the variable NONE is not set in the environment"
        ),
        (
            "channels:\n  a:\n    kind: slack\n    url: '${1}'\n",
            "a.yaml:4: channels.a: url: ${1} names no variable"
        ),
        (
            "channels:\n  a:\n    kind: slack\n",
            "a.yaml:2: channels.a: url: a channel of kind slack needs url"
        ),
        (
            "channels:\n  a:\n    kind: email\n    smtp_host: h\n    to:\n      - a@b.example\n      - nobody\n",
            "a.yaml:7: channels.a: to.1: "
        ),
        ("rules:\n  a:\n    with: {}\n", "a.yaml:2: rules.a: when is missing: it is one of "),
        (
            "rules:\n  a:\n    when: disk\n    with:\n      limit: 3\n",
            "a.yaml:5: rules.a: with.limit is not known for disk: there are threshold_percent"
        ),
        (
            "rules:\n  a:\n    when: disk\n    with:\n\n      threshold_percent: 300\n",
            "a.yaml:6: rules.a: with.threshold_percent is not a number from 1 to 100"
        ),
        (
            "rules:\n  a:\n    when: lag\n    with:\n      for: soon\n",
            "a.yaml:5: rules.a: with.for is not a duration such as 30m, 2h or 1d"
        ),
        ("rules:\n  a:\n    when: lag\n    with: {for: 5}\n", "a.yaml:4: rules.a: with.for needs a unit"),
        ("rules:\n  a:\n    when: event\n    with: {}\n", "a.yaml:4: rules.a: with.events is missing"),
        (
            "rules:\n  a:\n    when: lag\n    cooldown: 8d\n",
            "a.yaml:4: rules.a: cooldown is longer than 7d"
        ),
        (
            "rules:\n  a:\n    when: lag\n    enabled: yes\n",
            "a.yaml:4: rules.a: enabled is not true or false"
        ),
        (
            "rules:\n  a:\n    when: lag\n    color: 1\n",
            "a.yaml:4: rules.a: color is not known here: there are when, "
        ),
        ("rules:\n  a: *x\n", "a.yaml:2: nothing is called &x above"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2: a file holds one document"),
    ])
    func `is refused with the line that is wrong`(text: String, says: String) {
        let problems = Files.problems(text)
        #expect(problems.count == 1 && problems[0].hasPrefix(says), "\(problems)")
    }

    @Test func `is refused with all lines that are wrong`() {
        let problems = Files.problems(
            "rules:\n  a:\n    when: x\n  b:\n    when: lag\n    severity: bad\nz: 1\n"
        )
        #expect(
            problems.map { $0.prefix(while: { $0 != ":" }) + $0.dropFirst(6).prefix(3) } == [
                "a.yaml:3:", "a.yaml:6:", "a.yaml:7:",
            ]
        )
    }

    @Test func `names no channel or rule that another file has`() {
        var reader = AlertsFileReader(variables: [:])
        reader.read(Array("rules:\n  a: {when: lag}\n".utf8), named: "a.yaml")
        reader.read(Array("\nrules:\n  a: {when: disk}\n".utf8), named: "b.yaml")
        guard case .failure(let problems) = reader.finish() else {
            Issue.record("it was taken")
            return
        }
        #expect(
            problems.all.map(\.description) == ["b.yaml:3: the rule a is there twice, first in a.yaml:2"]
        )
    }

    @Test func `may be empty, and use a value by its anchor`() throws {
        #expect(try Files.read("").rules.isEmpty)
        #expect(try Files.read("# nothing\n").channels.isEmpty)
        let file = try Files.read(
            "x-of: &of {events: [stage_failed]}\nrules:\n  a: {when: event, with: *of}\n  b: {when: event, with: *of}\n"
        )
        #expect(
            file.rules.map { String(decoding: $0.config.json, as: UTF8.self) }
                == [#"{"events":["stage_failed"]}"#, #"{"events":["stage_failed"]}"#]
        )
    }

    @Test func `that stands for a giant is refused`() {
        var text = "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
        for level in 1...8 {
            let row = (0..<10).map { _ in "*a\(level - 1)" }.joined(separator: ", ")
            text += "x-\(level): &a\(level) [\(row)]\n"
        }
        #expect(Files.problems(text) == ["a.yaml:5: the file is too large"])
        let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(Files.problems("x-a: \(deep)") == ["a.yaml:1: it is nested too deeply"])
    }

    @Test(arguments: [
        ("0815", #"815"#), ("-3", "-3"), ("1e3", "1000.0"), ("12:30", #""12:30""#), ("yes", #""yes""#),
        ("~", "null"), ("True", "true"), ("1_000", #""1_000""#), (".inf", #"".inf""#), ("0x10", #""0x10""#),
        ("1.5.2", #""1.5.2""#), ("99999999999999999999", #""99999999999999999999""#),
    ])
    func `has values of YAML 1.2`(text: String, json: String) {
        #expect(String(decoding: YAMLScalar.value(text).json, as: UTF8.self) == json)
    }

    @Test func `has placeholders, and the characters themselves`() throws {
        let placeholders = Placeholders(variables: ["A": "1", "B_2": "${A}"])
        #expect(try placeholders.filled("x${A}y${B_2}$z$${A}") == "x1y${A}$z${A}")
        #expect(throws: Placeholders.Fault.self) { try placeholders.filled("${A") }
        #expect(Placeholders.escaped("a${A}") == "a$${A}")
    }
}

@Suite struct `The example that is shipped` {
    @Test func `is read, planned, applied, and applied again without a change`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "deploy/alerts.yaml"), encoding: .utf8)
        let file = try Files.read(text, ["SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T/B/x"])
        let stub = StubServer()
        #expect(try Files.plan(file, stub).summary == "10 to add, 0 to change, 0 to delete, 0 unchanged")
        try Files.apply(file, stub)
        #expect(try Files.plan(file, stub).summary == "0 to add, 0 to change, 0 to delete, 10 unchanged")
        // Whether the server's own checks take the rules, too.
        #expect(file.rules.flatMap { $0.kind.problems(with: $0.config.json) }.isEmpty)
    }
}
