import Core
import Testing

@testable import Executions

/// Contract beampipe §5.5, §10 row 30.
@Suite struct `A run record` {
    private static func tree(_ json: String) -> JSONTree { JSONTree(json: Array(json.utf8)) ?? .empty }

    private static func merged(_ stored: String, _ news: String) -> String {
        String(decoding: RunRecord.merged(tree(stored), with: tree(news)).bytes, as: UTF8.self)
    }

    @Test func `keeps the first end of a job, and may learn its ledger status`() {
        #expect(
            Self.merged(
                #"{"slurm":{"slurm_job_id":"1","terminal":{"state":"FAILED"}}}"#,
                #"{"slurm":{"terminal":{"state":"COMPLETED","ledger_status":"failed"},"last_observation":{"state":"X"}}}"#
            )
                == #"{"slurm":{"slurm_job_id":"1","terminal":{"state":"FAILED","ledger_status":"failed"},"#
                + #""last_observation":{"state":"X"}}}"#
        )
    }

    @Test func `takes the end of another job`() {
        #expect(
            Self.merged(
                #"{"slurm":{"terminal":{"state":"FAILED","slurm_job_id_ref":"1"}}}"#,
                #"{"slurm":{"terminal":{"state":"COMPLETED","slurm_job_id_ref":"2"}}}"#
            ) == #"{"slurm":{"terminal":{"state":"COMPLETED","slurm_job_id_ref":"2"}}}"#
        )
    }

    @Test func `writes an escalation once, and counts rounds`() {
        #expect(
            Self.merged(
                #"{"slurm_poll":{"round":1,"operator_escalation":{"round":1}}}"#,
                #"{"slurm_poll":{"round":2,"operator_escalation":{"round":2}}}"#
            ) == #"{"slurm_poll":{"round":2,"operator_escalation":{"round":1}}}"#
        )
    }

    @Test func `has no lists of old observations`() {
        #expect(
            Self.merged("{}", #"{"dim":{"observations":[1,2],"session_id":"s"}}"#)
                == #"{"dim":{"session_id":"s"}}"#
        )
    }

    @Test func `cuts raw texts at 512 bytes, between characters`() {
        let text = String(repeating: "x", count: 511) + "é" + "y"
        #expect(RunRecord.cut(text) == String(repeating: "x", count: 511) + "...")
        #expect(RunRecord.cut(String(repeating: "x", count: 512)) == String(repeating: "x", count: 512))
        #expect(
            Self.merged("{}", #"{"slurm":{"last_observation":{"raw":"\#(text)"},"note":"\#(text)"}}"#)
                == #"{"slurm":{"last_observation":{"raw":"\#(String(repeating: "x", count: 511))..."},"note":"\#(text)"}}"#
        )
    }
}
