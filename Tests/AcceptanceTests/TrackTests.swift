import Foundation
import Postgres
import TestKit
import Testing

/// `weir track` as people use it: what it runs behaves as without it.
@Suite("weir track")
struct TrackTests {
    private let directory = TemporaryDirectory()

    private func shell(_ url: String = "http://127.0.0.1:9") -> Shell {
        Shell(["WEIR_URL": url, "TELEMETRY_BUFFER_DIR": directory.path + "/buffer"])
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
        #expect(await shell().run(lines).printed == "::weird\nx ::weir a=1\n::we")
        #expect(await shell().run("echo hello | weir track -- cat").printed == "hello\n")
    }

    @Test("a command that takes too long is ended, and so is one whose tracker is")
    func signals() async {
        #expect(await shell().run("weir track --timeout 0.3 -- sleep 60").exitCode == 143)
        let stopped = "weir track -- sleep 60 & sleep 1; kill -TERM $!; wait $!"
        #expect(await shell().run(stopped).exitCode == 143)
    }

    @Test("a reader that goes away, and one that does not wait, are the command's business as without us")
    func readers() async {
        #expect(await shell().run("weir track -- yes | head -1").printed == "y\n")
        let flood = """
            python3 - <<'END'
            import fcntl, os, subprocess, time
            reader, writer = os.pipe()
            fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
            child = subprocess.Popen(["weir", "track", "--", "head", "-c", "1000000", "/dev/zero"], stdout=writer)
            os.close(writer)
            time.sleep(0.3)
            print(sum(map(len, iter(lambda: os.read(reader, 65536), b""))), child.wait())
            END
            """
        #expect(await shell().run(flood).printed == "1000000 0\n")
    }

    @Test("signals: ignored ones stay so, the terminal's come once, others are handed on")
    func relayed() async {
        let counted = #"sh -c 'trap "echo int" INT; echo ready; sleep 1; sleep 1'"#
        let ignored = "trap '' HUP; weir track -- sleep 1 & sleep 0.5; kill -HUP $!; wait $!"
        #expect(await shell().run(ignored).exitCode == 0)
        let handed = """
            set -m
            mkdir -p "$TELEMETRY_BUFFER_DIR"
            weir track -- \(counted) > "$TELEMETRY_BUFFER_DIR/out" &
            until grep -qs ready "$TELEMETRY_BUFFER_DIR/out"; do sleep 0.05; done
            kill -INT $!
            wait $!
            cat "$TELEMETRY_BUFFER_DIR/out"
            """
        #expect(await shell().run(handed).printed == "ready\nint\n")
        let terminal = """
            python3 - <<'END'
            import os, pty, time
            child, terminal = pty.fork()
            if child == 0:
                os.execvp("weir", ["weir", "track", "--"] + \(pythonWords))
            text = b""
            while b"ready" not in text: text += os.read(terminal, 1000)
            os.write(terminal, b"\\x03")
            try:
                while part := os.read(terminal, 1000): text += part
            except OSError: pass
            print(text.count(b"int"))
            END
            """
        #expect(await shell().run(terminal).printed == "1\n")
    }

    private var pythonWords: String {
        #"["sh", "-c", "trap 'echo int' INT; echo ready; sleep 1; sleep 1"]"#
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
            ls "$TELEMETRY_BUFFER_DIR"
            """
        // What waited was sent when the command had ended.
        let buffer = await shell("http://127.0.0.1:\(port)").run(script).printed
        #expect(buffer.hasSuffix(".jsonl.synced\n") && !buffer.contains("ready"), "\(buffer)")
        let late = try client.get("/api/v1/runs?agent_name=late").text
        for part in [
            #""status":"failure""#, #""items_succeeded":5"#, #""exit_code":4"#, #""pages":310}"#,
            #""peak_memory_bytes":"#,
            #""error_summary":"oops""#, #""job_type":"nightly""#, #""item_name":"x""#,
            #""command":"sh -c "#,
        ] { #expect(late.contains(part), "\(part)") }
        let early = try client.get("/api/v1/runs?agent_name=early").text
        #expect(early.contains(#""status":"success""#))
        #expect(await weir.terminate() == 0)
    }
}
