internal import API

/// The schemas of Tower's calls in `/openapi.json`.
enum TowerSchemas {
    private typealias Member = APISchema.Member

    static let acknowledgement = APISchema(
        "TowerAcknowledgement",
        [
            Member("status", APIType.word(["OK", "KO"]), isRequired: false),
            Member("message", APIType.text.orNull),
            Member("workflowId", .text, isRequired: false),
            Member(
                "watchUrl",
                APIType.text.noting("Where a person sees the run; in the answers to create and begin."),
                isRequired: false
            ),
        ]
    )

    static let failure = APISchema("TowerFailure", [Member("message", .text)])
}
