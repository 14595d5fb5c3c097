import Core
import Testing

@testable import Executions

/// Contract beampipe §5.1.
@Suite struct `Debug fields` {
    private static func fields(_ values: [ExecutionColumn: String], deployment: String = "{}") -> [String?] {
        var execution = Execution(new: .random(), at: .epoch)
        for (column, text) in values { execution.set(column, text) }
        execution[.deploymentProfileSnapshot] = Array(#"{"deployment":\#(deployment)}"#.utf8)
        let fields = DebugFields(execution)
        return [
            fields.sessionStatusURL, fields.graphStatusURL, fields.slurmSessionDir, fields.slurmLoginNode,
            fields.slurmRemoteUser,
        ]
    }

    @Test func `lead to the session, whose name is encoded`() {
        #expect(
            Self.fields([
                .schedulerName: "daliuge", .daliugeManagerURL: "http://h:8001/", .daliugeSessionID: "a b",
            ])
                == [
                    "http://h:8001/api/sessions/a%20b/status",
                    "http://h:8001/api/sessions/a%20b/graph/status",
                    nil, nil, nil,
                ]
        )
    }

    @Test(
        arguments: zip(
            [
                #"{"deploy_host":"d"}"#, #"{"deploy_host":"d","deploy_port":80}"#,
                #"{"deploy_host":"d","deploy_port":9000,"use_https":true}"#,
            ],
            ["http://d:8001", "http://d", "https://d:9000"]
        )
    )
    func `take the host from the deployment`(deployment: String, base: String) {
        let found = Self.fields([.schedulerName: "daliuge", .daliugeSessionID: "s"], deployment: deployment)
        #expect(found[0] == "\(base)/api/sessions/s/status")
    }

    @Test func `are null without a session`() {
        #expect(
            Self.fields([.schedulerName: "daliuge", .daliugeManagerURL: "http://h"])
                == [nil, nil, nil, nil, nil]
        )
        #expect(Self.fields([.schedulerName: "workflow_auto"]) == [nil, nil, nil, nil, nil])
    }

    @Test func `name the directory and the login of a Slurm job`() {
        let deployment = #"{"login_node":"login1","remote_user":"kim"}"#
        #expect(
            Self.fields([.schedulerName: "slurm", .schedulerJobID: "s:1|/scratch/s"], deployment: deployment)
                == [nil, nil, "/scratch/s", "login1", "kim"]
        )
        #expect(
            Self.fields([.schedulerName: "slurm", .schedulerJobID: "1", .remoteSessionDir: "/r"])
                == [nil, nil, "/r", nil, nil]
        )
    }
}
