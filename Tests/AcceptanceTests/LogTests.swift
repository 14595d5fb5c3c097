import Foundation
import Postgres
import TestKit
import Testing

/// What a server writes to standard error.
@Suite(.serialized) struct `The log` {
    /// A server whose table of runs is gone, so that a question about runs fails.
    private func broken(_ environment: [String: String], _ directory: TemporaryDirectory) async throws -> (
        weir: WeirProcess, failed: RawResponse
    ) {
        let database = try TemporaryDatabase.make()
        let all = environment.merging(["DATABASE_URL": database.target.unmaskedURL]) { $1 }
        let weir = try WeirProcess(dataDirectory: directory.path, environment: all)
        let client = try await weir.ready()
        try Connection.withTemporary(database.target) { connection in
            _ = try connection.executeScript("DROP TABLE agent_run CASCADE")
        }
        let failed = try client.get("/api/v1/runs")
        #expect(failed.status == 500)
        #expect(await weir.terminate() == 0)
        return (weir, failed)
    }

    @Test func `is JSON in every line, and says of which request it speaks`() async throws {
        let settings = ["WEIR_LOG_FORMAT": "json", "WEIR_LISTNE": "x"]
        let (weir, failed) = try await broken(settings, TemporaryDirectory())
        let lines = try weir.errorText.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
        let why = lines.filter { $0["message"] as? String == "query failed" }
        #expect(why.count == 1)
        #expect(why.first?["request.id"] as? String == failed["X-Request-Id"])
        #expect(lines.contains { ($0["message"] as? String)?.contains("did you mean WEIR_LISTEN?") == true })
    }

    @Test func `is empty where nothing is as severe as the level`() async throws {
        let settings = ["WEIR_LOG_LEVEL": "critical", "WEIR_LISTNE": "x"]
        #expect(try await broken(settings, TemporaryDirectory()).weir.errorText == "")
    }
}
