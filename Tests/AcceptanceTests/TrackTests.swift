import Foundation
import Postgres
import TestKit
import Testing

/// `weir track` as people use it: what it runs behaves as without it.
@Suite("weir track")
struct TrackTests {
    private let directory = TemporaryDirectory()

    private func shell(_ url: String = "http://127.0.0.1:9") -> Shell {
        Shell(["TELEMETRY_API_URL": url, "TELEMETRY_BUFFER_DIR": directory.path + "/buffer"])
    }

    @Test(
        "exit codes are those of the command",
        arguments: [
            ("true", 0), ("sh -c 'exit 3'", 3), ("no-such-command", 127), ("/tmp", 126),
            ("sh -c 'kill -9 $$'", 137),
        ] as [(String, Int32)]
    )
    func exitCodes(command: String, code: Int32) async {
        #expect(await shell().run("weir track -- \(command)").exitCode == code)
    }

    @Test("output passes through byte by byte, but for lines that are meant for Weir")
    func output() async {
        let binary =
            #"mkdir -p "$TELEMETRY_BUFFER_DIR"; head -c 200000 /dev/urandom > "$TELEMETRY_BUFFER_DIR/bin""#
        let same = #"weir track -- cat "$TELEMETRY_BUFFER_DIR/bin" | cmp - "$TELEMETRY_BUFFER_DIR/bin""#
        #expect(await shell().run("\(binary); \(same)").exitCode == 0)
        let lines = #"weir track -- printf '::weird\n::weir items_failed=1\nx ::weir a=1\n::we'"#
        #expect(await shell().run(lines).output == "::weird\nx ::weir a=1\n::we")
        #expect(await shell().run("echo hello | weir track -- cat").output == "hello\n")
    }

    @Test("a command that takes too long is ended, and so is one whose tracker is")
    func signals() async {
        #expect(await shell().run("weir track --timeout 0.3 -- sleep 60").exitCode == 143)
        let stopped = "weir track -- sleep 60 & sleep 1; kill -TERM $!; wait $!"
        #expect(await shell().run(stopped).exitCode == 143)
    }

    @Test("a run is recorded with its counts, its end and the end of its errors; without a server it waits")
    func recorded() async throws {
        #expect(await shell().run("weir track --agent early -- true").exitCode == 0)
        let database = try TemporaryDatabase.make()
        let data = TemporaryDirectory()
        let weir = try WeirProcess(
            dataDirectory: data.path,
            environment: ["DATABASE_URL": database.target.unmaskedURL]
        )
        let client = try await weir.ready()
        guard case .tcp(_, let port) = client.address else { return }
        let script = """
            weir track --agent late --job nightly --item-name x -- sh -c \
            'echo "::weir items_succeeded=5 metric.pages=310"; echo oops >&2; exit 4' 2>/dev/null || true
            weir track --replay 2>/dev/null
            """
        #expect(await shell("http://127.0.0.1:\(port)").run(script).exitCode == 0)
        let late = try client.get("/api/v1/runs?agent_name=late").text
        for part in [
            #""status":"failure""#, #""items_succeeded":5"#, #""metrics_json":{"pages":310}"#,
            #""error_summary":"oops""#, #""job_type":"nightly""#, #""item_name":"x""#,
        ] { #expect(late.contains(part), "\(part)") }
        let early = try client.get("/api/v1/runs?agent_name=early").text
        #expect(early.contains(#""status":"success""#))
        #expect(await weir.terminate() == 0)
    }
}
