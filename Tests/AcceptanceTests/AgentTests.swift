import Foundation
import Postgres
import Synchronization
import TestKit
import Testing

/// `weir agent` as people use it, at a real `weir serve`.
@Suite("weir agent")
struct AgentTests {
    private let directory = TemporaryDirectory()

    private func database() throws -> TemporaryDatabase { try TemporaryDatabase.make() }

    private func server(_ database: TemporaryDatabase, port: Int = 0) throws -> WeirProcess {
        try WeirProcess(
            dataDirectory: directory.path + "/data",
            environment: [
                "DATABASE_URL": database.target.unmaskedURL, "WEIR_LISTEN": "127.0.0.1:\(port)",
                "WEIR_AUTO_REGISTER": "off",
            ]
        )
    }

    private func agent(_ port: Int, _ options: [String] = []) throws -> WeirProcess {
        try WeirProcess(
            dataDirectory: directory.path,
            environment: [
                "NOETL_SERVER_URL": "http://127.0.0.1:\(port)/api", "NOETL_WORKER_POOL_NAME": "pool-1",
                "NOETL_WORKER_HEARTBEAT_INTERVAL": "0.2", "NOETL_WORKER_METRICS_INTERVAL": "0.2",
                "HOSTNAME": "node-1", "WEIR_AGENT_SPOOL": directory.path + "/spool",
            ],
            arguments: ["agent"] + options
        )
    }

    private func port(_ client: HTTPTestClient) throws -> Int {
        guard case .tcp(_, let port) = client.address else { return 0 }
        return port
    }

    private var spooled: Int {
        let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path + "/spool")
        return (names ?? []).filter { $0.hasSuffix(".json") }.count
    }

    @Test("it registers, reports what it measures, and a signal deregisters it")
    func lifecycle() async throws {
        let database = try database()
        let weir = try server(database)
        let client = try await weir.ready()
        try FileManager.default.createDirectory(
            atPath: directory.path + "/textfiles",
            withIntermediateDirectories: true
        )
        try "from_a_file 3\n".write(
            toFile: directory.path + "/textfiles/a.prom",
            atomically: true,
            encoding: .utf8
        )
        let socket = directory.path + "/s"
        let agent = try agent(
            port(client),
            [
                "--pid", "\(weir.process.processIdentifier)", "--socket", socket, "--textfile-directory",
                directory.path + "/textfiles",
            ]
        )
        try await eventually { try client.get("/api/worker/pools").text.contains(#""name":"pool-1""#) }
        try await eventually { FileManager.default.fileExists(atPath: socket) }
        let sender = try RawClient(.unix(path: socket))
        try sender.send("# TYPE jobs_total counter\njobs_total{queue=\"a\"} 3\nbad one\n")
        let answer = String(decoding: try sender.receive(), as: UTF8.self)
        #expect(answer == "error: line 3: column 8: the value is not a number\n")
        let task = #"noetl_task_cpu_seconds_total{task="pid:\#(weir.process.processIdentifier)""#
        let names = [
            "noetl_system_cpu_usage_percent", "noetl_system_memory_usage_bytes",
            "noetl_system_memory_usage_percent", "noetl_process_cpu_percent",
            "noetl_process_memory_rss_bytes", "noetl_worker_active_tasks", "noetl_worker_max_workers",
            "noetl_worker_queue_size",
        ]
        try await eventually {
            let export = try client.get("/api/metrics/prometheus?component_name=pool-1").text
            return names.allSatisfy { export.contains("\n\($0){") || export.contains("\n# TYPE \($0) gauge") }
                && export.contains(task) && export.contains("from_a_file{")
                && export.contains("# TYPE jobs_total counter")
                && export.contains("noetl_worker_active_tasks")
        }
        let export = try client.get("/api/metrics/prometheus?component_name=pool-1").text
        let active = try #require(
            export.split(separator: "\n").first { $0.hasPrefix("noetl_worker_active_tasks{") }
        )
        #expect(active.contains(#"hostname="node-1""#) && active.contains(#"worker_id="pool-1""#))
        #expect(active.hasSuffix(" 1.0"))

        #expect(await agent.terminate() == 0)
        try await eventually { try client.get("/api/worker/pools").text.contains(#""status":"offline""#) }
        #expect(!FileManager.default.fileExists(atPath: socket))
        #expect(agent.errorText.hasSuffix("weir agent: pool-1 is deregistered\n"), "\(agent.errorText)")
        #expect(await weir.terminate() == 0)
    }

    @Test("a server that goes away and an agent that is killed lose no report")
    func outage() async throws {
        let database = try database()
        var weir = try server(database)
        let port = try port(try await weir.ready())
        var agent = try agent(port)
        try await eventually { try await stored(port) >= 3 }
        #expect(await weir.terminate() == 0)

        try await eventually { spooled >= 5 }
        await agent.kill9()
        let waiting = try waitingTimes()
        #expect(waiting.count >= 5)
        agent = try self.agent(port)
        try await eventually { spooled > waiting.count + 2 }

        weir = try server(database, port: port)
        let client = try await weir.ready()
        try await eventually { spooled == 0 }
        try await eventually { try await stored(port) > waiting.count + 5 }
        // What was measured while nobody listened is stored at the times of its measurement.
        let answer = try client.get("/api/metrics/query?metric_name=noetl_worker_queue_size&limit=10000").text
        for time in waiting { #expect(answer.contains(#""timestamp":"\#(time)""#), "\(time)") }
        #expect(await agent.terminate() == 0)
        let log = agent.errorText
        #expect(log.components(separatedBy: "reports wait in the spool").count == 2, "\(log)")
        #expect(log.contains("takes reports again"), "\(log)")
        #expect(await weir.terminate() == 0)
    }

    /// How many samples of a metric that every heartbeat brings are stored.
    private func stored(_ port: Int) async throws -> Int {
        let client = HTTPTestClient(.tcp(host: "127.0.0.1", port: port))
        let answer = try client.get("/api/metrics/query?metric_name=noetl_worker_queue_size&limit=10000").text
        return answer.components(separatedBy: #""metric_id""#).count - 1
    }

    /// The times of the reports in the spool.
    private func waitingTimes() throws -> [String] {
        let spool = directory.path + "/spool"
        let names = try FileManager.default.contentsOfDirectory(atPath: spool).filter {
            $0.hasSuffix(".json")
        }
        return try names.compactMap { name in
            let text = try String(contentsOfFile: "\(spool)/\(name)", encoding: .utf8)
            let match = text.firstMatch(of: /"noetl_worker_queue_size".*?"timestamp":"([^"]+)"/)
            return match.map { String($0.1) }
        }
    }

    @Test("a tracked command is measured with its descendants, and behaves as without that")
    func measured() async throws {
        let database = try database()
        let weir = try WeirProcess(
            dataDirectory: directory.path + "/data",
            environment: ["DATABASE_URL": database.target.unmaskedURL, "WEIR_AUTO_REGISTER": "any"]
        )
        let client = try await weir.ready()
        let shell = Shell([
            "WEIR_URL": "http://127.0.0.1:\(try port(client))", "HOSTNAME": "node-1",
            "TELEMETRY_BUFFER_DIR": directory.path + "/buffer",
        ])
        // Two children have 40 MB each at the same time; the second one is not waited for by the command.
        let hold = #"python3 -c 'import time; x = b"x" * 40000000; time.sleep(3)'"#
        let script = #"weir track --agent big --measure -- sh -c "$1 & $1 & sleep 2.5; echo out; exit 4""#
        let outcome = await shell.run("set -- \(Self.quoted(hold)); \(script)")
        #expect(outcome.exitCode == 4)
        #expect(outcome.printed == "out\n")
        let run = try client.get("/api/v1/runs?agent_name=big").text
        let total = try #require(run.firstMatch(of: /"peak_total_memory_bytes":(\d+)/).flatMap { Int($0.1) })
        #expect(total > 80_000_000 && total < 400_000_000, "\(run)")
        for name in ["io_read_bytes", "io_written_bytes", "peak_threads", "cpu_user_seconds"] {
            #expect(run.contains("\"\(name)\":"), "\(run)")
        }
        let processes = try #require(run.firstMatch(of: /"peak_processes":(\d+)/).flatMap { Int($0.1) })
        #expect(processes >= 4)
        try await eventually {
            try client.get("/api/metrics/prometheus?component_name=worker-node-1").text
                .contains(#"noetl_task_memory_peak_bytes{task="track:big/command""#)
        }
        #expect(await weir.terminate() == 0)
    }

    private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: #"'\''"#))'" }

    @Test("options win over variables, and Weir's name over NoETL's")
    func settings() async throws {
        let requests = Mutex<[String]>([])
        let server = try StubListener { request in
            requests.withLock { $0.append(request) }
            return "HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        }
        let agent = try WeirProcess(
            dataDirectory: directory.path,
            environment: [
                "WEIR_URL": "127.0.0.1:\(server.port)/api/", "NOETL_SERVER_URL": "http://127.0.0.1:9",
                "NOETL_WORKER_POOL_NAME": "wrong", "NOETL_WORKER_POOL_RUNTIME": "gpu",
                "NOETL_WORKER_CAPACITY": "4", "NOETL_WORKER_LABELS": "zone-a, ssd,", "HOSTNAME": "node-1",
                "POD_NAMESPACE": "jobs", "NOETL_DISABLE_METRICS": "True", "WEIR_TOKEN": "s3cret",
                "WEIR_AGENT_SPOOL": directory.path + "/spool",
            ],
            arguments: ["agent", "--pool", "pool-2"]
        )
        // What it says of a server that can't take it: once at the start, once at the end.
        try await eventually { agent.errorText.contains("can't take it now (503)") }
        #expect(await agent.terminate() == 0)
        let first = try #require(requests.withLock { $0.first })
        #expect(first.hasPrefix("POST /api/worker/pool/register HTTP/1.1\r\n"))
        #expect(first.contains("\r\nAuthorization: Bearer s3cret\r\n"))
        let body =
            #"{"name":"pool-2","runtime":"gpu","uri":"k8s://jobs/node-1","status":"ready","capacity":4,"#
            + #""labels":["zone-a","ssd"],"pid":\#(agent.process.processIdentifier),"hostname":"node-1"}"#
        #expect(first.hasSuffix("\r\n\r\n" + body), "\(first)")
        let said = agent.errorText.split(separator: "\n")
        #expect(said.count == 2, "\(said)")
    }

    @Test("a server that hangs does not keep it from stopping")
    func hanging() async throws {
        let server = try StubListener(nil)
        let agent = try agent(Int(server.port))
        try await eventually { server.connections() > 0 }
        #expect(await agent.terminate() == 0)
        #expect(agent.errorText.contains("is not deregistered"), "\(agent.errorText)")
    }

    @Test("what can't work is said at the start")
    func refusals() async throws {
        let shell = Shell(["WEIR_URL": "http://127.0.0.1:9", "WEIR_AGENT_SPOOL": directory.path + "/spool"])
        let first = try agent(9)
        try await eventually { spooled > 0 }
        let second = await shell.run("weir agent")
        #expect(second.exitCode == 1)
        #expect(second.output.contains("another agent has the spool"))
        #expect(await first.terminate() == 0)
        let interval = await shell.run("NOETL_WORKER_HEARTBEAT_INTERVAL=often weir agent")
        #expect(interval.exitCode == 78)
        #expect(
            interval.output.contains("NOETL_WORKER_HEARTBEAT_INTERVAL takes a duration such as 15s"),
            "\(interval.output)"
        )
        #expect(await shell.run("weir agent --command '('").exitCode == 64)
        #expect(await shell.run("weir agent --help | awk 'length($0) > 80' | wc -l").printed == "0\n")
    }
}
