// swift-tools-version: 6.2

// The manifest is the architecture: a target may import only what its list names, and the lists only ever
// point upwards. `scripts/check` builds with `--explicit-target-dependency-import-check error`.

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func module(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: name), "TestKit"] + dependencies,
        exclude: exclude,
        swiftSettings: settings
    )
}

func fuzzer(_ name: String, _ directory: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: "fuzz-\(name)",
        dependencies: dependencies,
        path: "Fuzz/\(directory)",
        swiftSettings: settings
    )
}

let package = Package(
    name: "weir",
    products: [
        .executable(name: "weir", targets: ["weir"]),
        .library(name: "WeirClient", targets: ["WeirClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // System libraries: a module map and a shim each; exactly one target imports each.
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibcurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CMalloc"),

        // Technical layers: they know nothing of telemetry.
        module("Core"),
        module("Metrics", ["Core"]),
        module("HTTP", ["Core", "CZlib"]),
        module("HTTPServer", ["Core", "Metrics", "HTTP", "CLinux", logging]),
        // Child processes and signals.
        module("Processes", ["CLinux"]),
        module("Postgres", ["Core", "CLibpq", logging]),
        // The private PostgreSQL cluster.
        module("PostgresCluster", ["Postgres", "Processes", "CLinux"]),
        module("Journal", ["Core", "Metrics", logging]),
        module("Outbound", ["HTTP", "CLibcurl"]),
        // Settings as values: their names, values and effects.
        module("Configuration"),
        // When something is due: periods, cron expressions, time zones.
        module("Schedules", ["Core"]),

        // Traces as OpenTelemetry has them: trace context, spans, OTLP. Bytes in, values out.
        module("OpenTelemetry", ["Core", crypto]),

        // Requests of OTLP to a collector, and what its answers mean.
        module("OTLPClient", ["Core", "HTTP", "OpenTelemetry", "Outbound"]),

        // The parts of a surface: endpoints, parameters, validation, OpenAPI. Knows nothing of storage.
        module("API", ["Core", "HTTP", "HTTPServer", "OpenTelemetry"]),
        // The parts of a stream: loader, projections, dead letters, outcomes, the outbox, maintenance.
        module(
            "Ingest",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "OpenTelemetry", logging,
                crypto,
            ],
            resources: [
                .embedInCode("SQL/audit_letters.sql"),
                .embedInCode("SQL/audit_outbox.sql"),
            ]
        ),

        // How people are told: channels, their messages, and what became of them.
        module("Notifications", ["Core", "HTTP", "Outbound", "Processes", crypto]),

        // Features: they never import each other.
        module(
            "Nextflow",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "OpenTelemetry", "Ingest",
            ],
            resources: [
                .embedInCode("SQL/audit_workflows.sql"),
                .embedInCode("SQL/claim_digests.sql"),
                .embedInCode("SQL/completion_groups.sql"),
                .embedInCode("SQL/distinct_runs.sql"),
                .embedInCode("SQL/distinct_runs_of_process.sql"),
                .embedInCode("SQL/distinct_runs_by_place.sql"),
                .embedInCode("SQL/distinct_runs_of_run.sql"),
                .embedInCode("SQL/percentiles_exact_by_place.sql"),
                .embedInCode("SQL/percentiles_loose_by_place.sql"),
                .embedInCode("SQL/place_completions.sql"),
                .embedInCode("SQL/event_mix.sql"),
                .embedInCode("SQL/event_mix_of_run.sql"),
                .embedInCode("SQL/failed_tasks.sql"),
                .embedInCode("SQL/insert_completions.sql"),
                .embedInCode("SQL/measured_outcomes.sql"),
                .embedInCode("SQL/measured_processes.sql"),
                .embedInCode("SQL/measured_runs.sql"),
                .embedInCode("SQL/measured_totals.sql"),
                .embedInCode("SQL/merge_runs.sql"),
                .embedInCode("SQL/merge_segments.sql"),
                .embedInCode("SQL/merge_tasks.sql"),
                .embedInCode("SQL/percentile_pieces.sql"),
                .embedInCode("SQL/percentiles_exact.sql"),
                .embedInCode("SQL/percentiles_exact_of_run.sql"),
                .embedInCode("SQL/percentiles_loose.sql"),
                .embedInCode("SQL/percentiles_sealed.sql"),
                .embedInCode("SQL/resources.sql"),
                .embedInCode("SQL/roll_events.sql"),
                .embedInCode("SQL/run_segments.sql"),
                .embedInCode("SQL/running_tasks.sql"),
                .embedInCode("SQL/seal_sketches.sql"),
                .embedInCode("SQL/stage_event.sql"),
                .embedInCode("SQL/task_gauges.sql"),
                .embedInCode("SQL/timeline.sql"),
                .embedInCode("SQL/timeline_of_all.sql"),
                .embedInCode("SQL/tell_tower_containers.sql"),
                .embedInCode("SQL/tell_tower_runs.sql"),
                .embedInCode("SQL/tell_tower_workflows.sql"),
                .embedInCode("SQL/tower_progress.sql"),
                .embedInCode("SQL/tower_workflows.sql"),
                .embedInCode("SQL/told_executions.sql"),
                .embedInCode("SQL/traced_executions.sql"),
                .embedInCode("SQL/traced_tasks.sql"),
                .embedInCode("SQL/unsealed_buckets.sql"),
            ]
        ),
        module(
            "Runs",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "OpenTelemetry", "Ingest", "Schedules", logging,
            ],
            resources: [
                .embedInCode("SQL/audit_agents.sql"),
                .embedInCode("SQL/audit_days.sql"),
                .embedInCode("SQL/audit_documents.sql"),
                .embedInCode("SQL/audit_posts.sql"),
                .embedInCode("SQL/audit_statuses.sql"),
                .embedInCode("SQL/delete_runs.sql"),
                .embedInCode("SQL/ended_runs.sql"),
                .embedInCode("SQL/fetch_runs.sql"),
                .embedInCode("SQL/insert_pings.sql"),
                .embedInCode("SQL/last_runs.sql"),
                .embedInCode("SQL/open_runs.sql"),
                .embedInCode("SQL/tally_runs.sql"),
                .embedInCode("SQL/run_gauges.sql"),
                .embedInCode("SQL/runs_by_facet.sql"),
                .embedInCode("SQL/store_ping_states.sql"),
                .embedInCode("SQL/store_run_traces.sql"),
                .embedInCode("SQL/update_runs.sql"),
            ]
        ),
        module(
            "Workers",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "OpenTelemetry", "Ingest", "Outbound", "Processes", logging,
            ],
            resources: [
                .embedInCode("SQL/audit_components.sql"),
                .embedInCode("SQL/audit_rollups.sql"),
                .embedInCode("SQL/audit_sample_orphans.sql"),
                .embedInCode("SQL/audit_samples.sql"),
                .embedInCode("SQL/audit_series.sql"),
                .embedInCode("SQL/beat_components.sql"),
                .embedInCode("SQL/changed_push_groups.sql"),
                .embedInCode("SQL/delete_push_groups.sql"),
                .embedInCode("SQL/described_series.sql"),
                .embedInCode("SQL/forward_blocks.sql"),
                .embedInCode("SQL/inherit_lifetimes.sql"),
                .embedInCode("SQL/insert_series.sql"),
                .embedInCode("SQL/list_partitions.sql"),
                .embedInCode("SQL/merge_push_families.sql"),
                .embedInCode("SQL/merge_push_groups.sql"),
                .embedInCode("SQL/newest_blocks.sql"),
                .embedInCode("SQL/newest_samples.sql"),
                .embedInCode("SQL/recent_values.sql"),
                .embedInCode("SQL/register_component.sql"),
                .embedInCode("SQL/remove_expired.sql"),
                .embedInCode("SQL/roll_up_days.sql"),
                .embedInCode("SQL/roll_up_hours.sql"),
                .embedInCode("SQL/sample_increases.sql"),
                .embedInCode("SQL/series_standing.sql"),
                .embedInCode("SQL/settle_statuses.sql"),
                .embedInCode("SQL/store_rollup.sql"),
                .embedInCode("SQL/stored_blocks.sql"),
                .embedInCode("SQL/stored_series.sql"),
            ]
        ),
        module(
            "Alerts",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "Ingest", "OpenTelemetry", "Outbound", "OTLPClient", "Notifications", "Schedules", logging,
                crypto,
            ],
            resources: [
                .embedInCode("SQL/claim_deliveries.sql"),
                .embedInCode("SQL/fire_incidents.sql"),
            ]
        ),
        module(
            "Executions",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "OpenTelemetry", "Ingest", "Outbound", "Notifications", logging, crypto,
            ],
            resources: [
                .embedInCode("SQL/insert_artifacts.sql"),
                .embedInCode("SQL/insert_observations.sql"),
            ]
        ),
        module(
            "Provenance",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "Ingest", "OpenTelemetry", logging, crypto,
            ],
            resources: [
                .embedInCode("SQL/insert_events.sql"),
                .embedInCode("SQL/stored_events.sql"),
                .embedInCode("SQL/place_events.sql"),
                .embedInCode("SQL/delete_events.sql"),
                .embedInCode("SQL/audit_events.sql"),
                .embedInCode("SQL/audit_order.sql"),
            ]
        ),
        module(
            "Pipelines",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "Ingest", "OpenTelemetry", logging, crypto,
            ],
            resources: [
                .embedInCode("SQL/insert_application_logs.sql"),
                .embedInCode("SQL/insert_pipelines.sql"),
                .embedInCode("SQL/insert_stage_options.sql"),
                .embedInCode("SQL/insert_stages.sql"),
                .embedInCode("SQL/insight_durations.sql"),
                .embedInCode("SQL/insight_groups.sql"),
                .embedInCode("SQL/insight_series.sql"),
                .embedInCode("SQL/insight_totals.sql"),
                .embedInCode("SQL/lock_workers.sql"),
                .embedInCode("SQL/new_application.sql"),
                .embedInCode("SQL/read_stage_logs.sql"),
                .embedInCode("SQL/read_stages.sql"),
                .embedInCode("SQL/span_stages.sql"),
                .embedInCode("SQL/stages_of_pipelines.sql"),
                .embedInCode("SQL/update_stages.sql"),
                .embedInCode("SQL/upsert_workers.sql"),
            ]
        ),
        module(
            "Traces",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "Configuration", "API",
                "Ingest", "Outbound", "OpenTelemetry", "OTLPClient", logging, crypto,
            ],
            resources: [
                .embedInCode("SQL/audit_spans.sql"),
                .embedInCode("SQL/insert_spans.sql"),
            ]
        ),
        module(
            "Observability",
            ["Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "Journal", "API", "Ingest", logging]
        ),

        // Reads recorded runs and sends them to a running Weir: a client, which knows nothing of the server's parts.
        module("Import", ["Core", "HTTP", "CSQLite", crypto]),
        // Alerts from the command line, and rules kept as files: a client of a running Weir.
        module("AlertsClient", ["Core", "Configuration", "API", "Notifications", "Alerts", "CYAML"]),
        // Simulates many Nextflow runs as a client of a running Weir.
        module("Simulator", ["Core", "Outbound"]),

        .target(
            name: "Migrations",
            path: "migrations",
            resources: [
                .embedInCode("v0001_baseline.sql"),
                .embedInCode("v0002_workers.sql"),
                .embedInCode("v0003_alerts.sql"),
                .embedInCode("v0004_checks.sql"),
                .embedInCode("v0005_alert_indexes.sql"),
                .embedInCode("v0006_provenance.sql"),
                .embedInCode("v0007_executions.sql"),
                .embedInCode("v0008_pipelines.sql"),
                .embedInCode("v0009_spans.sql"),
                .embedInCode("v0010_trace_contexts.sql"),
                .embedInCode("v0011_stage_order.sql"),
                .embedInCode("v0012_tower.sql"),
            ],
            swiftSettings: settings
        ),
        module(
            "WeirApp",
            [
                "Core", "Metrics", "HTTP", "HTTPServer", "Postgres", "PostgresCluster", "Journal",
                "Configuration", "API", "Ingest",
                "Outbound", "OpenTelemetry",
                "Nextflow", "Runs", "Workers", "Alerts", "Executions", "Provenance", "Pipelines", "Traces",
                "Observability", "Migrations", "CMalloc", logging,
                crypto,
            ],
        ),
        // The operator's commands.
        module(
            "Operations",
            [
                "Core", "HTTP", "HTTPServer", "Postgres", "PostgresCluster", "Journal", "Outbound",
                "Configuration",
                "API", "Ingest", "Runs", "Import", "AlertsClient", "WeirApp", logging, crypto,
            ],
            resources: [
                .embedInCode("Audit/SQL/audit_columns.sql"),
                .embedInCode("Audit/SQL/audit_indexes.sql"),
                .embedInCode("Audit/SQL/audit_schema.sql"),
                .embedInCode("Audit/SQL/audit_space.sql"),
                .embedInCode("Audit/SQL/audit_tables.sql"),
            ]
        ),
        // Tracks runs from other programs, with or without a server.
        module("WeirClient", ["Core", "CLinux", "Processes", "Outbound"]),
        // Reports a machine's metrics, as a client of a running Weir.
        module("Agent", ["Core", "CLinux", "Processes", "Outbound", "WeirClient"]),
        .executableTarget(
            name: "weir",
            dependencies: [
                "Core", "CLinux", "Processes", "Configuration", "Import", "AlertsClient", "Notifications",
                "Simulator", "WeirClient", "Agent", "Ingest",
                "Nextflow", "Runs", "WeirApp", "Operations", argumentParser, logging,
            ],
            swiftSettings: settings
        ),

        // Entries for libFuzzer; without `--sanitize=fuzzer` they link as programs that do nothing.
        fuzzer("http", "FuzzHTTP", ["HTTP"]),
        fuzzer("chunked", "FuzzChunked", ["HTTP"]),
        fuzzer("json", "FuzzJSON", ["Core"]),
        fuzzer("journal", "FuzzJournal", ["Core", "Journal", logging]),
        fuzzer("timestamp", "FuzzTimestamp", ["Core"]),
        fuzzer("prometheus", "FuzzPrometheus", ["Core"]),
        fuzzer("metric-family", "FuzzMetricFamily", ["Core"]),
        fuzzer("snappy", "FuzzSnappy", ["Core"]),
        fuzzer("cron", "FuzzCron", ["Core", "Schedules"]),
        fuzzer("zone", "FuzzZone", ["Core", "Schedules"]),
        fuzzer("remote-write", "FuzzRemoteWrite", ["Core", "Workers"]),
        fuzzer("otlp", "FuzzOTLP", ["OpenTelemetry"]),

        // For tests only: raw clients, throwaway PostgreSQL; and a feature without a server.
        module("TestKit", ["Core", "HTTP", "Processes", "Postgres", "PostgresCluster"]),
        module(
            "FeatureTestKit",
            [
                "API", "Configuration", "Core", "HTTP", "Ingest", "Journal", "Metrics", "Migrations",
                "Postgres",
                "TestKit", logging,
            ]
        ),

        tests(of: "Core"),
        tests(of: "Metrics", ["Core"]),
        tests(of: "Schedules", ["Core"]),
        tests(of: "HTTP", ["Core"]),
        tests(of: "HTTPServer", ["Core", "HTTP"]),
        tests(of: "Processes"),
        tests(of: "Postgres", ["Core"]),
        tests(of: "PostgresCluster", ["Postgres"]),
        tests(of: "Journal", ["Core", logging]),
        tests(of: "API", ["Core", "HTTP"]),
        tests(
            of: "Ingest",
            ["API", "Core", "FeatureTestKit", "HTTP", "Journal", "Migrations", "Postgres", logging]
        ),
        tests(
            of: "Nextflow",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "Postgres", logging,
            ],
            exclude: ["Fixtures"]
        ),
        tests(
            of: "Runs",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "Postgres", "Schedules", logging,
            ]
        ),
        tests(
            of: "Workers",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "OpenTelemetry", "Postgres", "Processes", logging,
            ],
            exclude: ["Fixtures"]
        ),
        tests(
            of: "Alerts",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "Notifications", "Outbound", "Postgres", logging,
            ]
        ),
        tests(of: "OpenTelemetry", ["Core"], exclude: ["Fixtures"]),
        tests(of: "OTLPClient", ["Core", "OpenTelemetry", "Outbound"]),
        tests(
            of: "Executions",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "OpenTelemetry", "Postgres", "Outbound", logging,
            ]
        ),
        tests(
            of: "Provenance",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "OpenTelemetry", "Postgres", logging,
            ]
        ),
        tests(
            of: "Pipelines",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "OpenTelemetry", "Postgres", logging,
            ]
        ),
        tests(
            of: "Traces",
            [
                "FeatureTestKit", "Core", "HTTP", "API", "Configuration", "Ingest", "Journal", "Metrics",
                "OTLPClient", "OpenTelemetry", "Postgres", logging,
            ]
        ),
        tests(of: "Agent", ["Core", "HTTP", "Processes", "WeirClient"]),
        tests(of: "Import", ["Core", "HTTP", "CSQLite"]),
        tests(of: "AlertsClient", ["Alerts", "Core", "Notifications"]),
        tests(of: "Outbound", ["HTTP"]),
        tests(of: "Notifications", ["Core", "HTTP", "Outbound"]),
        tests(of: "Simulator", ["Core"]),
        tests(of: "Observability", ["Core", "HTTP", "HTTPServer", "API", "Ingest", "Metrics"]),
        tests(
            of: "WeirApp",
            [
                "Configuration", "Core", "HTTP", "HTTPServer", "API", "Import", "Ingest", "Journal",
                "Metrics",
                "Nextflow", "Operations", "Pipelines", "Postgres", "PostgresCluster", "Provenance", "Runs",
                "Simulator", "WeirClient", "FeatureTestKit", "Traces", "weir", logging,
            ],
            exclude: ["Fixtures", "Echo/echo.sql"]
        ),
        // The built executable as operators and clients use it.
        .testTarget(
            name: "AcceptanceTests",
            dependencies: ["weir", "TestKit", "Postgres", "PostgresCluster"],
            swiftSettings: settings
        ),
    ]
)

// For scripts/sanitize --quick: what needs no package but swift-log, since the whole builds for minutes.
// With the name of a module: its tests and what they need, for work on it; of several, with commas between them.
if let only = Context.environment["WEIR_BUILD_ONLY"] {
    let technical = ["Core", "Metrics", "HTTP", "HTTPServer", "Journal"]
    var open = (only == "technical" ? technical : only.split(separator: ",").map(String.init)).map {
        "\($0)Tests"
    }
    var kept: Set<String> = []
    while let name = open.popLast() {
        guard kept.insert(name).inserted, let target = package.targets.first(where: { $0.name == name })
        else {
            continue
        }
        for dependency in target.dependencies {
            switch dependency {
            case .targetItem(let name, _), .byNameItem(let name, _): open.append(name)
            default: break
            }
        }
    }
    package.targets.removeAll { !kept.contains($0.name) }
    package.products = []
}
