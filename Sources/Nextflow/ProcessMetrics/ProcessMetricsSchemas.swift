internal import API

/// The schemas of the process metrics in `/openapi.json`. Contract §2, §3.
enum ProcessMetricsSchemas {
    private typealias Member = APISchema.Member

    static let summary = document(
        "ProcessMetricsSummary",
        [
            Member("cards", .named(cards)),
            Member("event_mix", rows("EventCount", [text("event"), count("rows")])),
            Member("top_failures", rows("FailingProcess", failing)),
            Member("top_retries", rows("RetryingProcess", retrying)),
            Member(
                "top_failure_exit_codes",
                rows("FailureExitCode", [text("exit_code"), count("failures")])
            ),
        ]
    )

    static let retries = document(
        "ProcessMetricsRetries",
        [
            Member("summary", .named(retrySummary)),
            Member(
                "by_attempt",
                rows("AttemptCount", [integer("attempt"), count("rows"), count("success"), count("failed")])
            ),
            Member("by_process", rows("RetriedProcess", retrying + [integer("max_attempt")])),
        ]
    )

    static let resources = document(
        "ProcessMetricsResources",
        [
            Member("rows", rows("AttemptResources", attemptResources)),
            Member("percentile_method", .word(PercentileMethod.allCases.map(\.rawValue))),
            Member("percentile_relative_error", APIType.amount.orNull),
        ]
    )

    static let failures = document(
        "ProcessMetricsFailures",
        [
            Member(
                "rows",
                rows(
                    "ProcessFailures",
                    [text("process"), count("total_completed"), count("success"), count("failed")]
                        + [share("failure_pct")]
                        + [optionalText("modal_failure_exit_code"), optionalText("modal_error_action")]
                )
            )
        ]
    )

    static let signatures = document(
        "ProcessMetricsFailureSignatures",
        [
            Member(
                "rows",
                rows(
                    "FailureSignature",
                    [
                        text("process"), text("exit_code"), count("failures"),
                        Member(
                            "error_action",
                            APIType.text.orNull.noting("With group_by=error_action."),
                            isRequired: false
                        ),
                    ]
                )
            )
        ]
    )

    static let running = APISchema(
        "ProcessMetricsRunning",
        [
            Member("generated_at_utc", .moment), count("active_nf_runs"), count("total_running"),
            count("total_queued"),
            Member(
                "by_process",
                rows("RunningProcess", [text("process"), count("running"), count("queued")])
            ),
        ]
    )

    static let tasks = document(
        "ProcessMetricsTasks",
        [
            count("total"), count("limit"), count("offset"),
            Member(
                "rows",
                rows("CompletedTask", ProcessMetricsEncoder.taskMembers.described(present: ["telemetry_id"]))
            ),
        ]
    )

    static let timeline = document(
        "ProcessMetricsTimeline",
        [
            Member("bucket", .word(TimelineBucket.allCases.map(\.rawValue))),
            Member(
                "rows",
                rows(
                    "TimelinePoint",
                    [Member("bucket_start", .moment), count("total"), count("success"), count("failed")]
                        + [share("failure_pct")]
                )
            ),
        ]
    )

    // MARK: - Parts

    private static let cards = APISchema(
        "SummaryCards",
        [
            count("process_completed_rows"), count("distinct_runs"), count("distinct_processes"),
            count("success_rows"), count("failure_rows"), share("failure_pct"), count("retried_rows"),
            share("retry_pct"), share("retry_success_pct"),
            Member("latest_process_completed_utc", APIType.moment.orNull), amount("memory_efficiency_pct"),
        ]
    )

    private static let retrySummary = APISchema(
        "RetrySummary",
        [
            count("process_completed_rows"), count("retried_rows"), share("retried_pct"),
            count("retry_success_rows"), count("retry_failure_rows"), share("retry_success_pct"),
        ]
    )

    private static let failing = [
        text("process"), count("total_completed"), count("failed"), share("failure_pct"),
    ]

    private static let retrying = [
        text("process"), count("total_completed"), count("retried"), share("retried_pct"),
        count("retried_success"), count("retried_failed"),
    ]

    private static let attemptResources =
        [text("process"), integer("attempt"), count("rows"), count("success"), count("failed")]
        + [
            "avg_requested_cpus", "avg_requested_memory_gb", "avg_requested_time_min", "avg_pct_cpu",
            "p95_pct_cpu", "avg_pct_mem", "p95_pct_mem", "avg_peak_rss_gb", "p95_peak_rss_gb", "avg_read_gb",
            "avg_write_gb", "avg_cpu_efficiency_pct", "avg_memory_efficiency_pct",
        ].map(amount)

    /// An object with the common first members.
    private static func document(_ name: String, _ members: [Member]) -> APISchema {
        let window = APIType.integer(1).orNull.noting("window_days as it was given.")
        let head = [Member("generated_at_utc", .moment), Member("window_days", window)]
        return APISchema(name, head + members)
    }

    private static func rows(_ name: String, _ members: [Member]) -> APIType {
        .list(.named(APISchema(name, members)))
    }

    private static func text(_ name: String) -> Member { Member(name, .text) }

    private static func optionalText(_ name: String) -> Member { Member(name, APIType.text.orNull) }

    private static func count(_ name: String) -> Member { Member(name, .count) }

    private static func integer(_ name: String) -> Member { Member(name, APIType(.integer)) }

    /// Null where nothing was measured.
    private static func amount(_ name: String) -> Member { Member(name, APIType.number.orNull) }

    /// A percentage; null when there is nothing to divide by.
    private static func share(_ name: String) -> Member {
        var type = APIType.amount
        type.most = 100
        return Member(name, type.orNull)
    }
}

extension APIAnswer {
    /// Parameters out of bounds, in pydantic's words. Contract §1.5.
    static let wrongParameters = APIAnswer(
        422,
        "Parameters are out of their bounds; one entry for each.",
        .named(NextflowSchemas.faults)
    )
}
