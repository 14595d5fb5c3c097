import API
import Configuration
import Core
import FeatureTestKit
import HTTP
import Journal
import TestKit
import Testing

@testable import Executions

@Suite(.serialized) struct `The endpoints of executions` {
    @Test func `register, change and show an execution`() async throws {
        let weir = try await ExecutionsHarness()
        try await registering(weir)
        try await repeating(weir)
        try await refusing(weir)
        try await following(weir)
        try await changing(weir)
        try await listing(weir)
        try await masking(weir)
        try await showing(weir)
    }

    private func registering(_ weir: ExecutionsHarness) async throws {
        let sent = ExecutionBody.new(
            #""uuid":"019E80F2-cd6f-7883-93e1-62b9ccd35cdf","scheduler_name":"slurm""#
        )
        let made = try await weir.post("", sent)
        #expect(made.status == 201)
        let json = try made.json
        #expect(json["uuid"]?.string == "019e80f2-cd6f-7883-93e1-62b9ccd35cdf")
        let keys = json.members.compactMap { $0.key.string }
        #expect(keys == Self.readKeys)
        #expect(
            [
                "status", "control_phase", "submission_state", "scheduler_state", "daliuge_state",
                "output_state",
            ]
            .map { json[$0]?.string }
                == ["pending", "discovered", "not_started", "not_submitted", "not_created", "not_started"]
        )
        #expect(json["phase_timestamps"].map { Array($0.rawBytes) } == Array("{}".utf8))
        #expect(json["last_error"]?.isNull == true)
        #expect(json["created_at"]?.string?.hasSuffix("Z") == true)
        let shown = try await weir.get("/019e80f2-cd6f-7883-93e1-62b9ccd35cdf")
        #expect(try shown.json.members.compactMap { $0.key.string } == Self.readKeys)
        #expect(try shown.json["created_at"]?.string == json["created_at"]?.string)
        #expect(try weir.told("019e80f2-cd6f-7883-93e1-62b9ccd35cdf") == ["execution.created"])
    }

    /// Contract beampipe §5.2.
    private static let readKeys = [
        "uuid", "project_module", "archive_name", "sources", "status", "execution_phase", "scheduler_name",
        "scheduler_job_id", "daliuge_session_id", "remote_session_dir", "control_phase", "submission_state",
        "submission_deadline_at", "submission_abandoned_at", "scheduler_state", "scheduler_raw_state",
        "scheduler_reason", "daliuge_state", "output_state", "output_verification_required",
        "output_verification_policy", "terminal_outcome", "failure_class", "discovery_signature",
        "manifest_sha256",
        "source_graph_sha256", "patched_graph_sha256", "physical_graph_sha256", "phase_timestamps",
        "last_reconciled_at", "workflow_manifest", "beampipe_run_record", "last_error", "retry_count",
        "started_at",
        "completed_at", "created_at", "created_by_id", "deployment_profile_id",
        "deployment_profile_revision",
        "project_config_id", "project_config_version", "dim_session_status_url", "dim_graph_status_url",
        "slurm_session_dir", "slurm_login_node", "slurm_remote_user",
        // Weir's own.
        "trace_id", "span_id", "parent_span_id", "tracestate",
    ]

    /// Contract beampipe §6.8, §10 row 25.
    private func repeating(_ weir: ExecutionsHarness) async throws {
        let first = try await weir.post("", ExecutionBody.new(), key: "k-1")
        let again = try await weir.post("", "  \(ExecutionBody.new())\n", key: "k-1")
        #expect([first.status, again.status] == [201, 200])
        #expect(try again.json["uuid"]?.string == first.json["uuid"]?.string)
        let other = try await weir.post("", ExecutionBody.new(archive: "b.tar"), key: "k-1")
        #expect(other.status == 409)
        #expect(try other.json["code"]?.string == "conflict")
        #expect(try await weir.post("", ExecutionBody.new(), key: "has blank").status == 400)
        #expect(
            try await weir.post("", ExecutionBody.new(), key: String(repeating: "k", count: 129)).status
                == 400
        )
        // The same id again: once more the first, or a conflict.
        let named = ExecutionBody.new(#""uuid":"019e80f2-cd6f-7883-93e1-000000000001""#)
        #expect(try await weir.post("", named).status == 201)
        #expect(try await weir.post("", named).status == 200)
        #expect(
            try await weir.post(
                "",
                ExecutionBody.new(#""uuid":"019e80f2-cd6f-7883-93e1-000000000001""#, archive: "c.tar")
            ).status == 409
        )
    }

    /// Contract beampipe §0.4, §6.1.
    private func refusing(_ weir: ExecutionsHarness) async throws {
        let refused: [(body: String, status: Int, path: String)] = [
            (ExecutionBody.new(#""color":"red""#), 422, "color"),
            (
                #"{"project_module":"p","archive_name":"a","sources":[{"source_identifier":"S","x":1}]}"#,
                422,
                "sources[0].x"
            ),
            (#"{"archive_name":"a","sources":[{"source_identifier":"S"}]}"#, 422, "project_module"),
            (#"{"project_module":"p","archive_name":"a","sources":[]}"#, 400, "sources"),
            (#"{"project_module":"p","archive_name":"a"}"#, 422, "sources"),
            (ExecutionBody.new(#""uuid":"nonsense""#), 422, "uuid"),
            (ExecutionBody.new(#""deployment_profile_revision":-1"#), 400, "deployment_profile_revision"),
        ]
        for (body, status, path) in refused {
            let answer = try await weir.post("", body)
            #expect(answer.status == status, "\(body)")
            let failure = try answer.json["failure"]
            #expect(failure?["diagnostics"]?.elements.map { $0["path"]?.string } == [path], "\(body)")
            #expect(failure?["class"]?.string == "validation")
        }
        #expect(try await weir.post("", "nonsense").status == 400)
        #expect(try await weir.post("", "[]").status == 422)
        let untyped = try await weir.feature.send(.post, "/api/v2/executions", body: ExecutionBody.new())
        #expect(untyped.status == 415)
        let id = try await weir.register()
        #expect(try await weir.patch(id, #"{"statos":"running"}"#).status == 422)
        #expect(try await weir.patch(id, #"{"status":"nonsense"}"#).status == 400)
        #expect(try await weir.patch(id, #"{"scheduler_state":null}"#).status == 422)
        #expect(try await weir.patch("019e80f2-cd6f-7883-93e1-00000000000f", "{}").status == 404)
        #expect(try await weir.get("/nonsense").status == 400)
        #expect(try await weir.get("/019e80f2-cd6f-7883-93e1-00000000000f/status").status == 404)
        #expect(try await weir.get("?page=x").status == 400)
    }

    private func following(_ weir: ExecutionsHarness) async throws {
        let id = try await weir.register(#""scheduler_name":"slurm""#)
        let refused = try await weir.patch(id, #"{"status":"completed"}"#)
        #expect(refused.status == 409)
        #expect(
            try refused.json["error"]?.string
                == "An execution that is pending cannot become completed, only running, cancelled, failed."
        )
        #expect(try await weir.patch(id, #"{"status":"running","execution_phase":"submit"}"#).status == 200)
        let seen = try await weir.post(
            "/\(id)/observations",
            #"{"kind":"scheduler","raw_state":"PENDING","observed_at":"2026-11-20T10:00:00Z","payload":{"q":1}}"#
        )
        #expect(seen.status == 201)
        #expect(try seen.json["normalized_state"]?.string == "pending")
        _ = try await weir.post(
            "/\(id)/observations",
            #"{"kind":"scheduler","normalized_state":"running","observed_at":"2026-11-20T10:05:00Z"}"#
        )
        let observations = try await weir.get("/\(id)/observations").json.elements.map { $0 }
        #expect(observations.map { $0["normalized_state"]?.string } == ["running", "pending"])
        #expect(observations[0]["observed_at"]?.string == "2026-11-20T10:05:00.000000Z")
        #expect(try await weir.get("/\(id)/observations?limit=0").json.elements.map { $0 }.count == 1)
        let cancelled = try await weir.patch(id, #"{"status":"cancelled"}"#)
        #expect(try cancelled.json["terminal_outcome"]?.string == "cancelled")
        // A late success is kept, and changes nothing.
        _ = try await weir.post(
            "/\(id)/observations",
            #"{"kind":"scheduler","normalized_state":"succeeded"}"#
        )
        #expect(try await weir.patch(id, #"{"status":"completed"}"#).status == 200)
        #expect(try await weir.get("/\(id)/summary").json["status"]?.string == "cancelled")
        #expect(
            try weir.told(id) == [
                "execution.created", "execution.running", "execution.execute_started",
                "execution.awaiting_scheduler",
                "execution.running", "execution.cancelled",
            ]
        )
        #expect(
            try await weir.post(
                "/019e80f2-cd6f-7883-93e1-00000000000f/observations",
                #"{"kind":"output","normalized_state":"verified"}"#
            ).status == 404
        )
    }

    private func changing(_ weir: ExecutionsHarness) async throws {
        let id = try await weir.register(#""scheduler_name":"daliuge""#)
        let digest = String(repeating: "ab", count: 32)
        let changed = try await weir.patch(
            id,
            """
            {"status":"running","daliuge_manager_url":"http://h:8001/","daliuge_session_id":"a b",\
            "workflow_manifest":{"version":1},"beampipe_run_record":{"dim":{"last_observation":\
            {"session_state":"unknown","observed_at":"2026-11-20T10:00:00Z"}}},"manifest_sha256":"\(digest)",\
            "artifacts":[{"kind":"manifest","storage_kind":"file","uri":"file:///m?token=t1","sha256":"\(digest)"}]}
            """
        ).json
        #expect(
            changed["dim_session_status_url"]?.string == "http://h:8001/api/sessions/a%20b/status"
        )
        #expect(changed["workflow_manifest"]?["version"]?.int64 == 1)
        let status = try await weir.get("/\(id)/status").json
        // Contract beampipe §10 row 31.
        #expect(status["dim_state"]?.string == "not_created")
        #expect(status["last_observation_at"]?.string == "2026-11-20T10:00:00.000000Z")
        #expect(status["duration_seconds"]?.double.map { $0 >= 0 } == true)
        let artifacts = try await weir.get("/\(id)/artifacts").json.elements.map { $0 }
        #expect(artifacts.map { $0["uri"]?.string } == ["file:///m?token=[REDACTED]"])
        let snapshot = try await weir.get("/\(id)/ledger-snapshot?include_manifest=false").json
        #expect(snapshot["workflow_manifest"] == nil)
        #expect(
            snapshot["provenance_summary"]?["recent_events"].map {
                String(decoding: $0.rawBytes, as: UTF8.self)
            }
                == #"[{"event_type":"execution.created","payload":{"api_token":"[REDACTED]"}}]"#
        )
        let failed = try await weir.patch(id, #"{"daliuge_state":"failed","last_error":"boom"}"#).json
        #expect(failed["status"]?.string == "failed")
        #expect(
            failed["workflow_manifest"]?["dim_logs_url"]?.string
                == "http://h:8001/api/sessions/a%20b/logs"
        )
    }

    private func listing(_ weir: ExecutionsHarness) async throws {
        for number in 1...3 {
            let body = ExecutionBody.new(archive: "l\(number)", project: "lists")
            #expect(try await weir.post("", body).status == 201)
        }
        let page = try await weir.get("?project_module=lists&items_per_page=2").json
        #expect(page["items"]?.elements.map { $0["archive_name"]?.string } == ["l3", "l2"])
        #expect([page["total"], page["page"], page["items_per_page"]].map { $0?.int64 } == [3, 1, 2])
        let second = try await weir.get("?project_module=lists&items_per_page=2&page=2&status=pending").json
        #expect(second["items"]?.elements.map { $0["archive_name"]?.string } == ["l1"])
        #expect(second["total"]?.int64 == 3)
        #expect(try await weir.get("?status=retrying").json["total"]?.int64 == 0)
        let all = try await weir.get("?items_per_page=9999").json
        #expect(all["items_per_page"]?.int64 == 500)
        #expect(try weir.rows("SELECT count(*) FROM execution") == ["\(all["total"]?.int64 ?? -1)"])
        // What the loader counts is what there is.
        for (facet, column) in [("status", "status"), ("scheduler", "scheduler_state")] {
            #expect(
                try weir.rows(
                    "SELECT value, count FROM execution_tally WHERE facet = '\(facet)' AND count <> 0 ORDER BY 1"
                ) == weir.rows("SELECT \(column), count(*) FROM execution GROUP BY 1 ORDER BY 1")
            )
        }
    }

    private static func keys(_ node: JSONNode?) -> String {
        (node?.members.compactMap { $0.key.string } ?? []).joined(separator: ",")
    }

    /// Contract beampipe §5.2: the members of each answer, in their order.
    private func showing(_ weir: ExecutionsHarness) async throws {
        let digest = String(repeating: "cd", count: 32)
        let id = try await weir.register(#""scheduler_name":"slurm""#, archive: "shown.tar")
        _ = try await weir.patch(
            id,
            """
            {"status":"running","beampipe_run_record":{"slurm":{"submitted_at":"2026-11-20T10:00:00.000Z",\
            "last_observation":{"state":"RUNNING"}},"slurm_poll":{"round":3,"started_at":"2026-11-20T10:01:00.000Z"}},\
            "artifacts":[{"kind":"manifest","storage_kind":"database","inline_json":{"token":"t8"},"sha256":"\(digest)"}]}
            """
        )
        _ = try await weir.post("/\(id)/observations", #"{"kind":"scheduler","normalized_state":"running"}"#)
        let raw = Self.readKeys.filter {
            !$0.hasPrefix("project_config") && !$0.hasPrefix("dim_") && $0 != "beampipe_run_record"
                && !["slurm_session_dir", "slurm_login_node", "slurm_remote_user"].contains($0)
                && !["trace_id", "span_id", "parent_span_id", "tracestate"].contains($0)
        }
        let more = [
            "deployment_profile_snapshot", "daliuge_manager_url", "daliuge_raw_status",
            "create_idempotency_key",
            "create_request_sha256", "updated_at",
        ]
        let page = try await weir.get("?items_per_page=1").json
        #expect(Self.keys(page) == "items,total,page,items_per_page")
        let item = page["items"]?.elements.first { _ in true }
        #expect(Self.keys(item) == (raw + more).joined(separator: ","))
        let status = try await weir.get("/\(id)/status").json
        #expect(
            Self.keys(status).hasSuffix(
                ",created_at,slurm_state,dim_state,last_observation_at,duration_seconds"
            )
        )
        #expect(status["slurm_state"]?.string == "RUNNING")
        // An observation without a time counts as of the last reconciliation.
        #expect(status["last_observation_at"]?.string == status["last_reconciled_at"]?.string)
        try await parts(weir, id)
    }

    private func parts(_ weir: ExecutionsHarness, _ id: String) async throws {
        let summary = try await weir.get("/\(id)/summary").json
        #expect(
            Self.keys(summary)
                == "uuid,project_module,archive_name,status,requested_source_count,requested_source_identifiers,"
                + "scheduler_name,scheduler_job_id,daliuge_session_id,control_phase,scheduler_state,daliuge_state,"
                + "terminal_outcome,last_error"
        )
        #expect(summary["requested_source_count"]?.int64 == 2)
        let snapshot = try await weir.get("/\(id)/ledger-snapshot").json
        #expect(
            Self.keys(snapshot)
                == "uuid,status,execution_phase,scheduler_name,scheduler_job_id,correlation_id,workflow_manifest,"
                + "last_error,run_record_phases,provenance_summary"
        )
        #expect(
            snapshot["run_record_phases"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
                == #"{"slurm":{"last_at":"2026-11-20T10:00:00.000Z","state":null,"round":null},"#
                + #""slurm_poll":{"last_at":"2026-11-20T10:01:00.000Z","state":null,"round":3}}"#
        )
        let observation = try await weir.get("/\(id)/observations?limit=9999&offset=-1").json.elements
        #expect(
            observation.map { Self.keys($0) }
                == [
                    "uuid,execution_id,kind,normalized_state,raw_state,reason,payload,source_version,observed_at"
                ]
        )
        let artifact = try await weir.get("/\(id)/artifacts").json.elements.map { $0 }
        #expect(
            artifact.map { Self.keys($0) } == [
                "uuid,execution_id,kind,storage_kind,uri,inline_json,media_type,sha256,size_bytes,producer_phase,"
                    + "metadata,created_at"
            ]
        )
        #expect(artifact.first?["inline_json"]?["token"]?.string == "[REDACTED]")
        for part in ["", "/summary", "/ledger-snapshot", "/observations", "/artifacts"] {
            #expect(
                try await weir.get("/019e80f2-cd6f-7883-93e1-00000000000e\(part)").status == 404,
                "\(part)"
            )
        }
    }

    /// Contract beampipe §6.6, §11.5; D32.
    private func masking(_ weir: ExecutionsHarness) async throws {
        let manifest = #"""
            {"retry_password":"hunter2","list":[{"X-Authorization-Hint":"zzz"}],\#
            "note":"see http://h/q?API_KEY=k1&page=2 now","count":7}
            """#
        let id = try await weir.register(
            #""workflow_manifest":\#(manifest),"deployment_profile":{"api_key":"deep"}"#,
            archive: "secret.tar"
        )
        _ = try await weir.patch(id, #"{"last_error":"password=abc"}"#)
        _ = try await weir.post(
            "/\(id)/observations",
            #"{"kind":"scheduler","normalized_state":"running","reason":"token=t9","payload":{"token":"t9"}}"#
        )
        let shown = try await weir.get("/\(id)").json["workflow_manifest"]
        #expect(shown?["retry_password"]?.string == "[REDACTED]")
        #expect(shown?["list"]?.elements.map { $0["X-Authorization-Hint"]?.string } == ["[REDACTED]"])
        #expect(shown?["note"]?.string == "see http://h/q?API_KEY=[REDACTED]&page=2 now")
        #expect(shown?["count"]?.int64 == 7)
        for path in ["?items_per_page=1", "/\(id)", "/\(id)/status", "/\(id)/observations"] {
            let text = try await weir.get(path).text
            for secret in ["hunter2", "zzz", "k1&", "deep", "=abc", "t9"] {
                #expect(!text.contains(secret), "\(path) shows \(secret)")
            }
        }
    }

    @Test func `answer 503 with what becomes of a write when PostgreSQL does not apply it`() async throws {
        var settings = SettingValues()
        settings[ExecutionsSettings.applyTimeout] = .milliseconds(20)
        let weir = try await ExecutionsHarness(loads: false, settings: settings)
        let answer = try await weir.post("", ExecutionBody.new())
        #expect(answer.status == 503)
        #expect(answer.fields["Retry-After"] == "1")
        #expect(try answer.json["code"]?.string == "service_unavailable")
        #expect(
            try answer.json["failure"]?["system_action"]?.string == "The request is kept in the journal."
        )
        #expect(weir.feature.journal.durableSeq == 1)
    }

    @Test func `register an execution once, whichever of two Weirs gets the request`() async throws {
        let one = try await ExecutionsHarness()
        let other = try await ExecutionsHarness(over: one.feature.database)
        var ids: Set<String> = []
        for number in 1...5 {
            async let first = one.post("", ExecutionBody.new(), key: "k\(number)")
            async let second = other.post("", ExecutionBody.new(), key: "k\(number)")
            let answers = try await [first, second]
            #expect(answers.map(\.status).sorted() == [200, 201])
            let made = Set(try answers.compactMap { try $0.json["uuid"]?.string })
            #expect(made.count == 1)
            ids.formUnion(made)
        }
        #expect(ids.count == 5)
        #expect(try one.rows("SELECT count(*) FROM outbox_event WHERE kind = 'execution.created'") == ["5"])
        #expect(
            try one.rows("SELECT count FROM execution_tally WHERE facet = 'status' AND value = 'pending'")
                == ["5"]
        )
    }

    @Test func `bound how many executions a client registers`() async throws {
        var settings = SettingValues()
        settings[ExecutionsSettings.rateLimit] = 1
        settings[ExecutionsSettings.applyTimeout] = .milliseconds(20)
        let weir = try await ExecutionsHarness(loads: false, settings: settings)
        _ = try await weir.post("", ExecutionBody.new())
        let second = try await weir.post("", ExecutionBody.new())
        #expect(second.status == 429)
        #expect(try second.json["code"]?.string == "rate_limit_exceeded")
        #expect(second.fields["Retry-After"] == "3600")
    }
}
