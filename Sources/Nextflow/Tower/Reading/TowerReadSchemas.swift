internal import API

/// The schemas of the reading half of Tower's API in `/openapi.json`. What a client sent is shown as it came, so that
/// objects are open.
enum TowerReadSchemas {
    private typealias Member = APISchema.Member

    private static let workflow = APIType.object.noting(
        "The workflow as the client sent it, with `id` and `status`."
    )
    private static let element = [
        Member("workspaceId", APIType(.integer).orNull), Member("workspaceName", .null),
        Member("orgId", .null),
        Member("orgName", .null), Member("starred", .flag), Member("optimized", .flag),
        Member("labels", .list(.any)),
    ]

    private static let progressFacts = APISchema(
        "TowerProgressFacts",
        [
            Member("workflowProgress", .object), Member("processesProgress", .list(.object)),
            Member("totalProcesses", .count),
        ]
    )

    static let workflows = APISchema(
        "TowerWorkflows",
        [
            Member(
                "workflows",
                .list(
                    .named(
                        APISchema(
                            "TowerListedWorkflow",
                            [
                                Member("workflow", workflow),
                                Member("progress", APIType.named(progressFacts).orNull),
                            ]
                                + element
                        )
                    )
                )
            ),
            Member(
                "totalSize",
                APIType.count.orNull.noting(
                    "Counted up to \(TowerReadStore.mostCounted); null if not asked for."
                )
            ),
            Member("hasMore", .flag),
        ]
    )

    static let detail = APISchema(
        "TowerWorkflow",
        [Member("workflow", workflow), Member("progress", .named(progressFacts))] + element
            + [Member("messages", .list(.any)), Member("jobInfo", .null)]
    )

    static let progress = APISchema("TowerProgress", [Member("progress", .named(progressFacts))])

    static let task = APISchema(
        "TowerTask",
        [Member("task", APIType.object.noting("The task as the client sent it, with its latest `status`."))]
    )

    static let tasks = APISchema(
        "TowerTasks",
        [Member("tasks", .list(.named(task))), Member("total", .count)]
    )

    static let metrics = APISchema(
        "TowerMetrics",
        [Member("metrics", APIType.list(.any).noting("Per process, as the end of the run tells them."))]
    )
}
