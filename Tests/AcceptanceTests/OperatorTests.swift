import Foundation
import Postgres
import TestKit
import Testing

/// What an operator meets: starting, stopping, and mistakes.
@Suite(.serialized) struct `An operator` {
    @Test func `needs nothing but the executable: a private cluster comes, stays and goes with it`()
        async throws
    {
        let directory = TemporaryDirectory()
        for start in 1...2 {
            let weir = try WeirProcess(dataDirectory: directory.path)
            let client = try await weir.ready()
            let sample = #"{"runId":"t\#(start)","runName":"n","event":"e","utcTime":"2024-01-01T00:00:00"}"#
            #expect(try client.post("/telemetry", json: sample).text == sample)
            let runs = try client.get("/api/nextflow/runs").text
            #expect(runs.components(separatedBy: #""run_id":"t"#).count - 1 == start, "\(runs)")
            #expect(await weir.terminate() == 0)
            let pid = "\(directory.path)/postgres/data/postmaster.pid"
            #expect(!FileManager.default.fileExists(atPath: pid), "the cluster still runs")
        }
    }

    @Test func `may kill it: the next start adopts the cluster that was left running`() async throws {
        let directory = TemporaryDirectory()
        let first = try WeirProcess(dataDirectory: directory.path)
        let client = try await first.ready()
        let sample = #"{"runId":"kept","runName":"n","event":"e","utcTime":"2024-01-01T00:00:00"}"#
        #expect(try client.post("/telemetry", json: sample).status == 200)
        await first.kill9()
        let second = try WeirProcess(dataDirectory: directory.path)
        let again = try await second.ready()
        #expect(try again.get("/api/nextflow/runs").text.contains("kept"))
        #expect(await second.terminate() == 0)
    }

    @Test func `cannot start a second Weir on one data directory, and is told who holds it`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = ["DATABASE_URL": database.target.unmaskedURL]
        let first = try WeirProcess(dataDirectory: directory.path, environment: environment)
        _ = try await first.ready()
        let second = try WeirProcess(dataDirectory: directory.path, environment: environment)

        #expect(await second.ended() != 0)
        #expect(second.errorText.contains("\(first.process.processIdentifier)"), "\(second.errorText)")
        #expect(await first.terminate() == 0)
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let environment: [String: String]
        let says: String
    }

    static let mistakes = [
        Mistake(
            testDescription: "an address that is no address",
            environment: ["WEIR_LISTEN": "nonsense"],
            says: "nonsense"
        ),
        Mistake(
            testDescription: "an address for everybody without a token",
            environment: ["WEIR_LISTEN": "0.0.0.0:0"],
            says: "WEIR_TOKENS"
        ),
        Mistake(
            testDescription: "an unparsable URL",
            environment: ["DATABASE_URL": "postgresql://user:hunter2@host:port/db"],
            says: "DATABASE_URL"
        ),
        Mistake(
            testDescription: "no PostgreSQL binaries",
            environment: ["WEIR_PG_BIN": "/nonexistent"],
            says: "/nonexistent"
        ),
        Mistake(
            testDescription: "a data directory that cannot be",
            environment: ["WEIR_DATA_DIR": "/proc/weir"],
            says: "/proc/weir"
        ),
    ]

    @Test(arguments: mistakes)
    func `reads one line about a mistake`(mistake: Mistake) async throws {
        let directory = TemporaryDirectory()
        let weir = try WeirProcess(dataDirectory: directory.path, environment: mistake.environment)

        #expect(await weir.ended() != 0)
        let lines = weir.errorText.split(separator: "\n")
        #expect(lines.count == 1, "\(weir.errorText)")
        #expect(weir.errorText.contains(mistake.says), "\(weir.errorText)")
        #expect(!weir.errorText.contains("hunter2"))
    }

    @Test func `is told that a port is taken`() async throws {
        let database = try TemporaryDatabase.make()
        let (one, other) = (TemporaryDirectory(), TemporaryDirectory())
        let environment = ["DATABASE_URL": database.target.unmaskedURL]
        let first = try WeirProcess(dataDirectory: one.path, environment: environment)
        let client = try await first.ready()
        guard case .tcp(_, let port) = client.address else { return }
        let second = try WeirProcess(
            dataDirectory: other.path,
            environment: environment.merging(["WEIR_LISTEN": "127.0.0.1:\(port)"]) { $1 }
        )

        #expect(await second.ended() != 0)
        #expect(second.errorText.split(separator: "\n").count == 1, "\(second.errorText)")
        #expect(second.errorText.contains("\(port)"))
        #expect(await first.terminate() == 0)
    }
}
