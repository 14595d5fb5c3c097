import Foundation
import Postgres
import TestKit
import Testing

/// `weir alerts` against a running Weir, as people type it.
@Suite(.serialized) struct `An operator who handles alerts` {
    private static let files = """
        channels:
          phone:
            kind: webhook
            url: ${HOOK}
        rules:
          run failed:
            when: event
            with: {events: [pipeline_failed]}
            severity: error
            channels: [phone]
            cooldown: 0
        """

    private static let run = """
        {"event_id":"e1","run_id":"r1","start_time":"2026-01-01T00:00:00Z","agent_name":"nightly","job_type":"j",\
        "created_at":"2026-01-01T00:00:00Z","status":"failure"}
        """

    @Test func `keeps rules in a file, tests a channel, and acknowledges what fires`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let hook = try StubListener("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let weir = try WeirProcess(
            dataDirectory: directory.path,
            environment: ["DATABASE_URL": database.target.unmaskedURL]
        )
        let client = try await weir.ready()
        guard case .tcp(_, let port) = client.address else { return }
        let file = directory.path + "/alerts.yaml"
        try Self.files.write(toFile: file, atomically: true, encoding: .utf8)
        let shell = Shell(["WEIR_URL": "http://127.0.0.1:\(port)", "HOOK": "\(hook.url)hooks/secret"])

        let unconfirmed = await shell.run("weir alerts apply \(file)")
        #expect(unconfirmed.exitCode == 2, "\(unconfirmed.output)")
        #expect(unconfirmed.output.contains("2 to add, 0 to change, 0 to delete, 0 unchanged"))
        #expect(
            await shell.run("weir alerts channels").printed == "there are no channels; add one with "
                + "`weir alerts channels add`\n"
        )
        let first = await shell.run("weir alerts apply \(file) --yes")
        #expect(first.exitCode == 0, "\(first.output)")
        #expect(first.printed.hasSuffix("added channel phone\nadded rule run failed\n"), "\(first.output)")
        let second = await shell.run("weir alerts apply \(file)")
        #expect(second.exitCode == 0, "\(second.output)")
        #expect(second.printed == "0 to add, 0 to change, 0 to delete, 2 unchanged\n")

        let test = await shell.run("weir alerts test phone")
        #expect(test.exitCode == 0 && test.printed.hasPrefix("delivered to phone"), "\(test.output)")

        #expect(try client.post("/api/v1/runs", json: Self.run).status == 201)
        var listed = ""
        try await eventually {
            listed = await shell.run("weir alerts list").printed
            return listed.contains("nightly") && listed.contains("phone")
        }
        #expect(listed.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(listed)")
        let id = try #require(listed.split(separator: "\n")[1].split(separator: " ").last)
        #expect(await shell.run("weir alerts ack \(id) --by ann").exitCode == 0)
        #expect(await shell.run("weir alerts list").printed.contains("1 firing, 1 of them acknowledged"))
        #expect(await shell.run("weir alerts resolve \(id)").exitCode == 0)
        #expect(await shell.run("weir alerts list").printed == "nothing is firing\n")
        let deliveries = await shell.run("weir alerts deliveries --channel phone --json")
        #expect(deliveries.printed.contains(#""status":"sent""#), "\(deliveries.output)")

        let silence = await shell.run(
            #"weir alerts silence add alertname='run failed' 'process=~"A.*"' --for 2h"#
        )
        #expect(silence.exitCode == 0, "\(silence.output)")
        #expect(await shell.run("weir alerts silence list").printed.contains("process=~A.*"))
        let exported = await shell.run("weir alerts export --origin file")
        #expect(exported.printed.contains("    url: ${PHONE_URL}  # http://127.0.0.1:"), "\(exported.output)")
        #expect(!exported.printed.contains("secret}") && !exported.printed.contains("hooks/secret"))
        #expect(await weir.terminate() == 0)
    }

    @Test(arguments: [
        ("weir alerts", "weir: no answer from http://127.0.0.1:9: "),
        ("weir alerts test phone", "weir: no answer from http://127.0.0.1:9: "),
        ("weir alerts apply /nowhere.yaml", "weir: /nowhere.yaml can't be read: No such file or directory"),
        (
            "echo 'rules: {a: {when: x}}' | weir alerts apply -",
            "weir: (standard input):1: rules.a: when is none of"
        ),
        ("weir alerts silence add =x --for 1h", "weir: '=x' is no matcher: "),
    ])
    func `is told in one line what is wrong`(typed: String, says: String) async {
        let outcome = await Shell(["WEIR_URL": "http://127.0.0.1:9"]).run(typed)
        #expect(outcome.exitCode == 1)
        #expect(outcome.output.hasPrefix(says), "\(outcome.output)")
    }
}
