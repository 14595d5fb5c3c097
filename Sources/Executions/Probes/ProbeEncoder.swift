internal import API
internal import Core
internal import HTTP

/// The answers of the platform's probes. Contract beampipe §1, §11.2.
struct ProbeEncoder: Sendable {
    /// The interval of heartbeats in seconds.
    let heartbeats: Int

    // MARK: - Readiness

    func readiness(_ found: PlatformProbe.Finding) -> Response {
        guard let database = found.database else { return Self.unready(found) }
        let counts = database.counts
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", "ready")
            body.member("service", Self.service)
            body.member("database", "ok")
            body.member("redis", TAPProbe.State.notConfigured.rawValue)
            Self.taps(found, prefix: "tap_", to: &body)
            body.member("queue_depth", counts.count(ExecutionCounts.queued))
            body.member("jobs_running", counts.count([.running, .awaitingScheduler]))
            body.member("workers", WorkerStanding(counts.workers, heartbeats: heartbeats).word)
            body.member("oldest_queued_age_seconds", counts.oldestAge(ExecutionCounts.queued))
            body.array("checks") { list in
                for check in checks(found) { check.write(to: &list) }
            }
            body.member("generated_at", found.at, offset: .z)
        }
        return .json(writer.bytes)
    }

    /// 503 in the platform's form, with what is wrong among the diagnostics.
    static func unready(_ found: PlatformProbe.Finding) -> Response {
        var diagnostics = [
            OperatorFailure.Diagnostic(
                "database",
                "database.unreachable",
                "PostgreSQL did not answer.",
                hint: "Check PostgreSQL. What is sent meanwhile is kept in the journal."
            )
        ]
        diagnostics += unreachable(found)
        return OperatorFailure(
            .serviceUnavailable,
            "PostgreSQL does not answer.",
            action: "Check PostgreSQL; GET /ready says more.",
            diagnostics: diagnostics,
            retryAfter: 1
        ).response
    }

    static func unreachable(_ found: PlatformProbe.Finding) -> [OperatorFailure.Diagnostic] {
        found.taps.filter { $0.finding.state == .error }.map { tap in
            OperatorFailure.Diagnostic(
                "adapters.\(tap.name)",
                "\(tap.name).unreachable",
                tap.finding.detail ?? "It does not answer."
            )
        }
    }

    /// The members of the short form for orchestrators.
    static var probe: Response {
        var writer = JSONWriter()
        writer.object { $0.member("status", "ready") }
        return .json(writer.bytes)
    }

    private struct Check {
        let name: String
        let status: String
        let isRequired: Bool
        var latency: Duration?
        var checkedAt: Timestamp?
        var detail: String?

        func write(to list: inout JSONWriter) {
            list.object { check in
                check.member("name", name)
                check.member("status", status)
                check.member("required", isRequired)
                check.member("latency_ms", latency.map { ($0 / .microseconds(1)).rounded() / 1000 })
                check.member("checked_at", checkedAt, offset: .z)
                check.member("detail", detail)
            }
        }
    }

    private func checks(_ found: PlatformProbe.Finding) -> [Check] {
        var checks = [
            Check(
                name: "database",
                status: "ok",
                isRequired: true,
                latency: found.database?.latency,
                checkedAt: found.at
            ),
            Check(name: "redis", status: TAPProbe.State.notConfigured.rawValue, isRequired: false),
        ]
        for (name, finding) in found.taps {
            checks.append(
                Check(
                    name: "tap_\(name)",
                    status: finding.state.rawValue,
                    isRequired: false,
                    latency: finding.latency,
                    checkedAt: finding.checkedAt,
                    detail: finding.detail
                )
            )
        }
        let standing = WorkerStanding(found.database?.counts.workers ?? [], heartbeats: heartbeats)
        checks.append(
            Check(
                name: "workers",
                status: standing.word == "ok" ? "ok" : standing.word == "none" ? "not_configured" : "error",
                isRequired: false,
                checkedAt: found.at,
                detail: "\(standing.active) active, \(standing.stale) stale"
            )
        )
        return checks
    }

    // MARK: - The others

    static let service = "beampipe-v2"

    static var alive: Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("status", "ok")
            body.member("service", service)
        }
        return .json(writer.bytes)
    }

    static func taps(_ taps: [(name: String, finding: TAPProbe.Finding)]) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            for (name, finding) in taps { body.member(name, finding.state.rawValue) }
        }
        return .json(writer.bytes)
    }

    private static func taps(_ found: PlatformProbe.Finding, prefix: String, to body: inout JSONWriter) {
        for (name, finding) in found.taps { body.member(prefix + name, finding.state.rawValue) }
    }

    func diagnostics(_ found: PlatformProbe.Finding) -> Response {
        var entries: [(severity: String, entry: OperatorFailure.Diagnostic)] = []
        if let counts = found.database?.counts {
            if counts.risks > 0 {
                let message =
                    "\(counts.risks) executions contradict themselves, or nobody knows whether they were submitted."
                entries.append(
                    (
                        "warning",
                        .init(
                            "executions.reconciliation",
                            "reconciliation.operator_attention",
                            message,
                            hint: "Compare their axes: GET /api/v2/executions/{id}/observations."
                        )
                    )
                )
            }
            let standing = WorkerStanding(counts.workers, heartbeats: heartbeats)
            if standing.stale > 0 {
                let message = "\(standing.stale) workers have sent no heartbeat for too long."
                entries.append(("warning", .init("workers.heartbeat", "workers.stale", message)))
            }
        } else {
            entries.append(
                ("error", .init("database", "database.unreachable", "PostgreSQL did not answer."))
            )
        }
        entries += Self.unreachable(found).map { ("error", $0) }
        return Self.diagnostics(entries, at: found.at)
    }

    private static func diagnostics(
        _ entries: [(severity: String, entry: OperatorFailure.Diagnostic)],
        at time: Timestamp
    ) -> Response {
        var writer = JSONWriter()
        writer.object { body in
            body.member("healthy", !entries.contains { $0.severity == "error" })
            body.member("generated_at", time, offset: .z)
            body.array("diagnostics") { list in
                for (severity, entry) in entries {
                    list.object { object in
                        object.member("path", entry.path)
                        object.member("severity", severity)
                        object.member("code", entry.code)
                        object.member("message", entry.message)
                        if let hint = entry.hint { object.member("hint", hint) }
                    }
                }
            }
        }
        return .json(writer.bytes)
    }

    func overview(_ found: PlatformProbe.Finding, _ database: PlatformProbe.Database) -> Response {
        let counts = database.counts
        let standing = WorkerStanding(counts.workers, heartbeats: heartbeats)
        var writer = JSONWriter()
        writer.object { body in
            body.member("generated_at", found.at, offset: .z)
            // Weir knows no sources but those of executions, and admits none.
            body.member("registered_sources", 0)
            body.member("pending_admissions", 0)
            body.member("running_executions", counts.count(Set(LedgerStatus.active)))
            body.member("failed_executions", counts.count("status", LedgerStatus.failed.rawValue))
            body.member("queue_depth", counts.count(ExecutionCounts.queued))
            body.member("active_workers", standing.active)
            body.member("stale_workers", standing.stale)
            body.member("recent_alerts", database.deliveries)
            let isConfigured = found.taps.contains {
                $0.name == "casda" && $0.finding.state != .notConfigured
            }
            body.member("casda", isConfigured ? "configured" : "not_configured")
            body.member("daliuge", "profile_managed")
            body.member("scheduler", "profile_managed")
        }
        return .json(writer.bytes)
    }
}
