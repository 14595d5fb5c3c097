import API
import Configuration
import Core
import FeatureTestKit
import HTTP
import Ingest
import Outbound
import Postgres
import TestKit
import Testing

@testable import Executions

/// Contract beampipe §1, §2, §11.2.
@Suite(.serialized) struct `The platform's probes` {
    private static let workers = [
        ExecutionWorker(pool: "gpu", heartbeatAge: .seconds(5), isStopped: false),
        ExecutionWorker(pool: "old", heartbeatAge: .seconds(31), isStopped: false),
        ExecutionWorker(pool: "gone", heartbeatAge: .seconds(900), isStopped: true),
    ]

    @Test func `say how the platform is`() async throws {
        let tap = try Receiver("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        var settings = SettingValues()
        settings[ExecutionsSettings.tapCASDA] = tap.url
        settings[ExecutionsSettings.tapVizier] = "http://127.0.0.1:1/tap"
        settings[SharedSettings.metricsNames] = 10
        let weir = try await ExecutionsHarness(
            settings: settings,
            surroundings: NoSurroundings(workers: Self.workers, deliveries: 7)
        )
        let running = try await weir.register()
        _ = try await weir.patch(running, #"{"status":"running"}"#)
        let queued = try await weir.register()
        try weir.feature.database.execute(
            "UPDATE execution SET created_at = now() - interval '30 seconds' WHERE uuid = '\(queued)'"
        )
        try await readiness(weir)
        try await others(weir)
        try await metrics(weir, running)
    }

    private func get(_ weir: ExecutionsHarness, _ path: String, as scopes: Set<Scope> = [.read]) async throws
        -> FeatureHarness.Answer
    {
        try await weir.feature.send(.get, "/api/v2\(path)", as: scopes)
    }

    private func readiness(_ weir: ExecutionsHarness) async throws {
        let ready = try await get(weir, "/ready")
        #expect(ready.status == 200)
        let json = try ready.json
        let texts = ["status", "service", "database", "redis", "tap_casda", "tap_vizier", "workers"]
        #expect(
            texts.map { json[$0]?.string }
                == ["ready", "beampipe-v2", "ok", "not_configured", "ok", "error", "ok"]
        )
        #expect(json["queue_depth"]?.int64 == 1)
        #expect(json["jobs_running"]?.int64 == 1)
        #expect((json["oldest_queued_age_seconds"]?.int64 ?? 0) >= 29)
        #expect(
            json["checks"]?.elements.map { $0["name"]?.string }
                == ["database", "redis", "tap_casda", "tap_vizier", "workers"]
        )
        #expect(
            json.members.compactMap { $0.key.string } == [
                "status", "service", "database", "redis", "tap_casda", "tap_vizier", "queue_depth",
                "jobs_running",
                "workers", "oldest_queued_age_seconds", "checks", "generated_at",
            ]
        )
        let check = json["checks"]?.elements.first { _ in true }
        #expect(
            check?.members.compactMap { $0.key.string }
                == ["name", "status", "required", "latency_ms", "checked_at", "detail"]
        )
        #expect(try await get(weir, "/ready", as: []).status == 401)
        #expect(try await get(weir, "/ready?format=probe", as: []).text == #"{"status":"ready"}"#)
        #expect(try await get(weir, "/ready?format=other").status == 400)
        #expect(
            try await get(weir, "/health", as: []).text == #"{"status":"ok","service":"beampipe-v2"}"#
        )
        #expect(
            try await get(weir, "/health/tap", as: []).text == #"{"casda":"ok","vizier":"error"}"#
        )
    }

    private func others(_ weir: ExecutionsHarness) async throws {
        let diagnostics = try await get(weir, "/diagnostics?profile=nobody").json
        #expect(diagnostics["healthy"]?.bool == false)
        #expect(
            diagnostics["diagnostics"]?.elements.map { $0["code"]?.string }
                == ["workers.stale", "vizier.unreachable"]
        )
        let overview = try await get(weir, "/overview").json
        let numbers = [
            "running_executions", "failed_executions", "queue_depth", "active_workers", "stale_workers",
            "recent_alerts",
        ]
        #expect(numbers.map { overview[$0]?.int64 } == [2, 0, 1, 1, 1, 7])
        #expect(overview["casda"]?.string == "configured")
        #expect(
            overview.members.compactMap { $0.key.string } == [
                "generated_at", "registered_sources", "pending_admissions", "running_executions",
                "failed_executions", "queue_depth", "active_workers", "stale_workers", "recent_alerts",
                "casda",
                "daliuge", "scheduler",
            ]
        )
    }

    private func metrics(_ weir: ExecutionsHarness, _ running: String) async throws {
        _ = try await weir.patch(running, #"{"status":"failed"}"#)
        let answer = try await get(weir, "/metrics")
        #expect(answer.fields["Content-Type"] == "text/plain; version=0.0.4")
        let lines = Set(answer.text.split(separator: "\n").map(String.init))
        let expected = [
            #"beampipe_dependency_up{dependency="postgres"} 1"#,
            #"beampipe_dependency_up{dependency="redis"} 1"#,
            #"beampipe_dependency_up{dependency="casda"} 1"#,
            #"beampipe_dependency_up{dependency="vizier"} 0"#,
            "beampipe_jobs_queue_depth 1", "beampipe_jobs_running 0",
            #"beampipe_jobs_queued{kind="execute"} 1"#,
            #"beampipe_executions_active{status="pending"} 1"#,
            #"beampipe_executions_active{status="retrying"} 0"#,
            #"beampipe_executions_inflight{scheduler_name="none"} 1"#,
            #"beampipe_executions_inflight{scheduler_name="slurm"} 0"#,
            #"beampipe_executions_by_external_state{axis="scheduler",state="not_submitted"} 2"#,
            #"beampipe_executions_by_external_state{axis="output",state="verified"} 0"#,
            "beampipe_execution_retries_total 0", "beampipe_reconciliation_risk_executions 0",
            #"beampipe_execute_terminal_total{project_module="wallaby",status="failed"} 1"#,
            #"beampipe_execute_terminal_total{project_module="other",status="completed"} 0"#,
            #"beampipe_execution_admitted_total{project_module="wallaby",skip_reason="admitted"} 2"#,
            #"beampipe_sources_processing{project_module="wallaby",phase="executing"} 2"#,
            #"beampipe_worker_heartbeat_age_seconds{pool="gpu"} 5"#,
            #"weir_executions{status="failed"} 1"#,
            #"weir_execution_mismatches_total{code="partial_cancellation"} 0"#,
        ]
        for line in expected { #expect(lines.contains(line), "\(line)") }
        #expect(!answer.text.contains(#"beampipe_executions_active{status="not_submitted"}"#))
        #expect(!answer.text.contains(#"pool="gone""#))
        // Every family has HELP and TYPE.
        for line in lines where line.hasPrefix("# TYPE beampipe_") {
            let name = line.split(separator: " ")[2]
            #expect(lines.contains { $0.hasPrefix("# HELP \(name) ") }, "\(name)")
        }
    }

    @Test func `answer 503 in the platform's form without PostgreSQL`() async throws {
        let weir = try await ExecutionsHarness(loads: false)
        await weir.feature.pool.close()
        for path in ["/ready", "/ready?format=probe", "/overview"] {
            let answer = try await get(weir, path)
            #expect(answer.status == 503, "\(path)")
            #expect(answer.fields["Retry-After"] == "1")
            #expect(try answer.json["code"]?.string == "service_unavailable")
            #expect(
                try answer.json["failure"]?["diagnostics"]?.elements.map { $0["code"]?.string }
                    == ["database.unreachable"]
            )
        }
        // D2: 401 without a token, also while PostgreSQL is away.
        let unknown = try await get(weir, "/ready", as: [])
        #expect(unknown.status == 401)
        #expect(try unknown.json["code"]?.string == "unauthorized")
        #expect(
            try await get(weir, "/health/tap", as: []).text
                == #"{"casda":"not_configured","vizier":"not_configured"}"#
        )
        #expect(try await get(weir, "/health").status == 200)
        let diagnostics = try await get(weir, "/diagnostics").json
        #expect(diagnostics["healthy"]?.bool == false)
        #expect(
            diagnostics["diagnostics"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
                == #"[{"path":"database","severity":"error","code":"database.unreachable","message":"PostgreSQL did not answer."}]"#
        )
        let metrics = try await get(weir, "/metrics").text
        #expect(metrics.contains(#"beampipe_dependency_up{dependency="postgres"} 0"#))
        #expect(!metrics.contains("beampipe_executions_active"))
    }

    @Test func `count no sources of projects that are there for tests`() {
        let projects = [
            "test_a", "sig_test_x", "fail_requeue_1", "exec_sig_", "wallaby_hires", "testing", "a_test_b",
        ]
        #expect(projects.map(PlatformGauges.isHidden) == [true, true, true, true, false, false, false])
    }

    @Test func `ask a TAP service once in a while, and wait no longer than they may`() async throws {
        let tap = try Receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let probe = TAPProbe("casda", url: tap.url, timeout: .seconds(5), client: OutboundClient())
        for _ in 0..<3 { #expect(await probe.finding(within: .seconds(5)).state == .ok) }
        #expect(tap.requests.count == 1)
        let silent = try StubListener(nil)
        let slow = TAPProbe(
            "vizier",
            url: "http://127.0.0.1:\(silent.port)",
            timeout: .seconds(1),
            client: OutboundClient()
        )
        #expect(await slow.finding(within: .milliseconds(20)).detail == "It has not answered yet.")
        let none = TAPProbe("vizier", url: nil, timeout: .seconds(1), client: OutboundClient())
        #expect(await none.finding(within: .zero).state == .notConfigured)
    }
}
