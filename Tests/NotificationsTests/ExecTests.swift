import Core
import Foundation
import Testing

@testable import Notifications

@Suite struct `A command to run` {
    private let directory = URL(fileURLWithPath: "/tmp/weir-exec-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    private func outcome(
        _ script: String,
        _ notification: AlertNotification = stageFailed(),
        isAllowed: Bool = true,
        timeout: Duration = .seconds(10)
    ) async throws -> SendOutcome {
        let program = directory.appendingPathComponent("notify")
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program.path)
        let sender = sender {
            $0.commands = isAllowed ? [program.path] : []
            $0.attemptTimeout = timeout
        }
        return await sender.send(
            notification,
            over: channel(.exec, ["command": [.text(program.path), "one two", "$HOME"]])
        )
    }

    private func written(_ name: String) throws -> String {
        try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
    }

    @Test func `gets the alert on its input and in variables, and its arguments as they are`() async throws {
        setenv("WEIR_EXEC_TEST_SECRET", "x", 1)
        let large = Array(#"{"text":"\#(String(repeating: "y", count: 300_000))"}"#.utf8)
        let outcome = try await outcome(
            "cat > \(directory.path)/input; env > \(directory.path)/env; printf '%s|' \"$@\" > \(directory.path)/args",
            stageFailed().with { $0.body = large }
        )
        #expect(outcome == .sent(status: 0, note: nil))
        #expect(Array(try written("input").utf8) == large)
        #expect(try written("args") == "one two|$HOME|")
        let variables = try written("env")
        for line in [
            "WEIR_ALERT_EVENT=stage_failed", "WEIR_ALERT_STATE=firing", "WEIR_ALERT_SEVERITY=error",
            "WEIR_ALERT_TITLE=Stage failed", "WEIR_ALERT_ID=0198a3b4-0000-4000-8000-000000000001",
            "WEIR_ALERT_INCIDENT=pipelogiq/stage_failed/12:34",
        ] { #expect(variables.contains("\(line)\n")) }
        #expect(!variables.contains("WEIR_EXEC_TEST_SECRET"))
    }

    @Test(arguments: [
        ("exit 0", SendOutcome.sent(status: 0, note: nil)),
        ("echo busy >&2; exit 75", .again(status: 75, after: nil, why: "exit status 75: busy")),
        ("echo bad  thing >&2; exit 3", .refused(status: 3, why: "exit status 3: bad thing")),
        ("kill -9 $$", .again(status: nil, after: nil, why: "signal 9 ended the program")),
    ])
    func `says by its exit status what became of it`(script: String, expected: SendOutcome) async throws {
        #expect(try await outcome(script) == expected)
    }

    @Test func `is ended with its children when it takes too long`() async throws {
        let outcome = try await outcome(
            "(sleep 1000 & echo $! > \(directory.path)/child; wait)",
            timeout: .milliseconds(700)
        )
        #expect(outcome == .again(status: nil, after: nil, why: "the program did not end in time"))
        let child = try #require(Int32(try written("child").trimmingCharacters(in: .whitespacesAndNewlines)))
        // A zombie whose parent was killed is taken by init; until then it has no command line.
        let line = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
        #expect(line == "")
    }

    @Test func `may say a gigabyte`() async throws {
        let outcome = try await outcome("head -c 30000000 /dev/zero | tr '\\0' x >&2; exit 1")
        #expect(outcome.isRefused && outcome.why.utf16.count < 350)
    }

    @Test func `leaves a child that holds its output`() async throws {
        #expect(try await outcome("sleep 30 & exit 0") == .sent(status: 0, note: nil))
    }

    @Test func `runs only when the operator lists it`() async throws {
        let outcome = try await outcome("touch \(directory.path)/ran", isAllowed: false)
        #expect(outcome.isRefused && outcome.why.hasSuffix("is not among the programs that channels may run"))
        #expect(throws: (any Error).self) { try written("ran") }
    }

    @Test func `may not exist`() async throws {
        let sender = sender { $0.commands = ["/no/such/program"] }
        let outcome = await sender.send(
            stageFailed(),
            over: channel(.exec, ["command": ["/no/such/program"]])
        )
        #expect(
            outcome
                == .refused(status: nil, why: "/no/such/program cannot be started: No such file or directory")
        )
    }
}
