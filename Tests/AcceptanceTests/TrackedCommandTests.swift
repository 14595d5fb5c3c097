import Foundation
import TestKit
import Testing

/// Commands under `weir track`, beside the same commands without it: signals, time limits, outputs, terminals.
@Suite("A tracked command")
struct TrackedCommandTests {
    private let directory = TemporaryDirectory()

    /// A shell in a directory of its own, without a server; `$plain` is empty there, and `$tracked` is `weir track`.
    private func run(_ script: String, _ variables: [String: String] = [:]) async -> Shell.Outcome {
        let shell = Shell(
            [
                "WEIR_URL": "http://127.0.0.1:9", "TELEMETRY_BUFFER_DIR": directory.path + "/buffer",
            ].merging(variables) { $1 }
        )
        return await shell.run("mkdir -p '\(directory.path)'; cd '\(directory.path)'\n\(script)")
    }

    /// What a script prints with and without `weir track` in the place of `$track`.
    private func compare(_ script: String) async -> (plain: String, tracked: String) {
        let plain = await run("track=''\n\(script)").output
        return (plain, await run("track='weir track --quiet --'\n\(script)").output)
    }

    @Test("arguments, variables and file names that are no UTF-8 arrive as they are")
    func bytes() async {
        let script = #"""
            name=$'caf\xe9.txt'
            echo content > "$name"
            $track cat "$name"
            $track printf '%s' $'x\xe9y' | od -An -tx1
            X=$'\xff\xe9' $track sh -c 'printf %s "$X"' | od -An -tx1
            """#
        let (plain, tracked) = await compare(script)
        #expect(tracked == plain && tracked == "content\n 78 e9 79\n ff e9\n")
    }

    @Test("every signal that a batch system or a shell sends reaches the command, which saves and ends well")
    func signals() async {
        let script = #"""
            cat > job.py <<'END'
            import signal, time
            numbers = [1, 2, 3, 6, 10, 12, 14, 15, 16, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 34, 50, 64]
            seen = []
            def note(number, _):
                seen.append(number)
                with open(f"seen-{number}", "w"): pass
            for number in numbers: signal.signal(number, note)
            open("ready", "w").close()
            while len(set(seen)) < len(numbers): time.sleep(0.01)
            print(sorted(set(seen)) == numbers, len(seen) == len(numbers))
            END
            rm -f ready seen-*
            python3 - $track <<'END'
            import os, signal, subprocess, sys, time
            job = subprocess.Popen(sys.argv[1:] + ["python3", "job.py"])
            while not os.path.exists("ready"): time.sleep(0.01)
            numbers = [1, 2, 3, 6, 10, 12, 14, 15, 16, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 34, 50, 64]
            for number in numbers:
                os.kill(job.pid, number)
                # signal(7): one that stops takes back a SIGCONT that nobody has seen yet.
                while not os.path.exists(f"seen-{number}"): time.sleep(0.01)
            sys.exit(job.wait())
            END
            """#
        let (plain, tracked) = await compare(script)
        #expect(tracked == plain && tracked == "True True\n")
    }

    @Test("a real-time signal that was queued is handed on")
    func queued() async {
        let script = #"""
            cat > job.py <<'END'
            import signal
            signal.pthread_sigmask(signal.SIG_BLOCK, [40])
            open("ready", "w").close()
            print(signal.sigwaitinfo([40]).si_signo)
            END
            rm -f ready
            $track python3 job.py &
            until [ -e ready ]; do sleep 0.01; done
            /bin/kill -q 7 -s 40 $!
            wait $!
            """#
        let (plain, tracked) = await compare(script)
        #expect(tracked == plain && tracked == "40\n")
    }

    @Test("--timeout ends what the command started, too, also what does not care for SIGTERM")
    func timeout() async {
        let mark = String(Int.random(in: 1_000_000...9_999_999))
        let script = """
            code=0
            weir track --quiet --timeout 200ms -- sh -c 'sleep \(mark); echo after' || code=$?
            echo $code $(pgrep -fc '^sleep \(mark)$' || true)
            code=0
            weir track --quiet --timeout 0.2 --kill-after 200ms -- \
            sh -c '(trap "" TERM; sleep \(mark)1; sleep \(mark)1) & (trap "" TERM; sleep \(mark)2); true' || code=$?
            echo $code $(pgrep -fc '^sleep \(mark)[12]$' || true)
            weir track --timeout 5x -- true 2>&1 | head -1
            """
        let expected = """
            143 0
            143 0
            Error: --timeout takes a duration such as 30s, 5m or 2h, or seconds above 0.

            """
        #expect(await run(script).output == expected)
    }

    @Test("a process that the command leaves behind writes on, and nobody waits for it")
    func daemon() async {
        let script = #"""
            cat > job <<'END'
            (until [ -e go ]; do sleep 0.01; done; echo late; sleep 0.1; echo later; : > done) &
            echo first
            END
            rm -f go done
            $track sh job > out
            cat out
            : > go
            until [ -e done ]; do sleep 0.01; done
            until grep -q later out; do sleep 0.01; done
            cat out
            """#
        let (plain, tracked) = await compare(script)
        #expect(tracked == plain && tracked == "first\nfirst\nlate\nlater\n")
    }

    @Test("whoever reads slowly gets every byte, and whoever stops reading ends the command by SIGPIPE")
    func readers() async {
        let slow = "$track head -c 250000 /dev/zero | (sleep 3; wc -c)"
        let (plain, tracked) = await compare(slow)
        #expect(tracked == plain && tracked == "250000\n")
        // `yes` alone would be at work for ever.
        let gone = "set +o pipefail; $track yes | head -1; echo $?"
        let (plainGone, trackedGone) = await compare(gone)
        #expect(trackedGone == plainGone && trackedGone == "y\n0\n")
    }

    @Test("two outputs to one place stay in order, and the end of both is the error summary")
    func order() async {
        let script = """
            $track sh -c 'for i in 1 2 3; do echo out $i; echo err $i >&2; done' > both 2>&1
            cat both
            """
        let (plain, tracked) = await compare(script)
        #expect(tracked == plain && tracked == "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n")
    }

    @Test(
        "--pty is a terminal for the command, whose input stays what it was; --inherit-output changes nothing"
    )
    func terminal() async {
        let script = """
            echo given | weir track --quiet --pty -- sh -c 'test -t 1 && test -t 2 && cat'
            weir track --quiet --inherit-output -- echo '::weir items_failed=1'
            """
        #expect(await run(script).output == "given\r\n::weir items_failed=1\n")
    }

    @Test(
        "Ctrl-C on a terminal reaches the command once, cancels its run, and ends a script that waits for it"
    )
    func interrupted() async {
        for option in ["--job=x", "--pty"] {
            let script = """
                python3 - <<'END'
                import os, pty
                child, terminal = pty.fork()
                if child == 0:
                    job = "echo ready; exec sleep 60"
                    line = "weir track --quiet \(option) -- bash -c \\"$0\\"; echo went on"
                    os.execvp("bash", ["bash", "-c", line, job])
                text = b""
                while b"ready" not in text: text += os.read(terminal, 1000)
                os.write(terminal, b"\\x03")
                try:
                    while part := os.read(terminal, 1000): text += part
                except OSError: pass
                print(b"went on" in text, os.WTERMSIG(os.waitpid(child, 0)[1]))
                END
                grep -ho '"status":"[a-z]*"' buffer/* | tail -1
                rm -r buffer
                """
            #expect(await run(script).output == "False 2\n\"status\":\"cancelled\"\n", "\(option)")
        }
    }

    @Test("a run within a run has it as its parent; the record shows the command without its secrets")
    func nested() async {
        let script = #"""
            weir track --quiet --agent outer -- \
            sh -c 'echo "$WEIR_RUN_ID"; weir track --quiet --agent inner -- true' > id
            grep -h '"agent_name":"inner"' buffer/* | grep -c "\"parent_run_id\":\"$(cat id)\""
            weir track --quiet --agent secret -- true --password hunter2 API_TOKEN=abc https://me:pw@host/x 'a b'
            grep -ho '"command":"true -[^"]*"' buffer/* | uniq
            weir track --quiet --agent silent --no-command-line -- true quiet
            grep -c '"command":"true quiet"' buffer/* || true
            """#
        let expected = #"""
            2
            "command":"true --password [redacted] API_TOKEN=[redacted] https://me:[redacted]@host/x 'a b'"
            0

            """#
        #expect(await run(script).output == expected)
    }

    @Test(
        "it says once why the server does not take a run, and --quiet does not; the exit code is the command's",
        arguments: [
            ("http://127.0.0.1:9", "no server at http://127.0.0.1:9 (nobody answers there); start Weir"),
            (
                "bogus://x",
                "bogus://x is not an address of a server; set WEIR_URL to one like http://127.0.0.1:8765"
            ),
        ]
    )
    func complaint(url: String, words: String) async {
        let script = """
            weir track -- true 2> said
            wc -l < said
            grep -cF '\(words)' said
            weir track --quiet -- true 2>&1
            """
        #expect(await run(script, ["WEIR_URL": url]).output == "1\n1\n")
    }

    @Test("it says what a server wants that refuses: a token, or to be Weir")
    func refusing() async throws {
        let script = """
            python3 - <<'END'
            import http.server, os, subprocess, threading
            class Answer(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    self.rfile.read(int(self.headers["content-length"]))
                    self.send_response(self.server.status); self.send_header("content-length", "2"); self.end_headers()
                    self.wfile.write(b"{}")
                def log_message(self, *_): pass
            for status in [401, 404, 500]:
                server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
                server.status = status
                threading.Thread(target=server.serve_forever, daemon=True).start()
                os.environ["WEIR_URL"] = f"http://127.0.0.1:{server.server_port}/"
                said = subprocess.run(["weir", "track", "--", "true"], capture_output=True, text=True)
                line = said.stderr.replace(str(server.server_port), "PORT").split(". Its")[0]
                print(said.returncode, said.stderr.count("\\n"), line)
            END
            """
        let expected = """
            0 1 weir: this run was not taken: http://127.0.0.1:PORT needs a token with the scope ingest (401); set \
            WEIR_TOKEN to one of `weir token create`
            0 1 weir: this run was not taken: the server at http://127.0.0.1:PORT is not Weir's runs API (404); set \
            WEIR_URL to Weir's address
            0 1 weir: this run was not taken: http://127.0.0.1:PORT can't take it now (500); see the server's log

            """
        #expect(await run(script).output == expected)
    }
}
