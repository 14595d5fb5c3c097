import Foundation
import Postgres
import TestKit
import Testing

/// What README.md and docs/ promise: each command is run as it stands there, on another port.
@Suite(.serialized) struct `The README` {
    @Test(.enabled(if: Shell.hasCurl))
    func `names commands that work when pasted`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = ["DATABASE_URL": database.target.unmaskedURL]
        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        let client = try await weir.ready()
        guard case .tcp(_, let port) = client.address else { return }
        let shell = Shell(
            environment.merging(["WEIR_DATA_DIR": directory.path]) { $1 },
            replacing: "http://127.0.0.1:8000",
            by: "http://127.0.0.1:\(port)"
        )

        let blocks = Document.readme.blocks("sh").filter(Self.canRun)
        #expect(blocks.contains { $0.contains("curl ") } && blocks.contains { $0.contains("weir token") })
        for block in blocks {
            let outcome = await shell.run(block)
            #expect(outcome.exitCode == 0, "\(block)\n\(outcome.output)")
            let asked = block.components(separatedBy: "curl -sS").count - 1
            let answered = outcome.output.matches(of: /\nstatus 20[01]\n/).count
            #expect(asked == answered, "\(block)\n\(outcome.output)")
        }
        #expect(await weir.terminate() == 0)
    }

    /// What takes a terminal for itself, or needs what a test machine lacks.
    private static func canRun(_ block: String) -> Bool {
        !["scripts/", "nextflow ", "TOWER_API_ENDPOINT", "createuser ", "docker "].contains {
            block.hasPrefix($0)
        }
    }

    @Test(.enabled(if: Shell.hasCurl))
    func `shows the ways in which a token is sent`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = [
            "DATABASE_URL": database.target.unmaskedURL, "WEIR_TOKENS": "ingest=THE-TOKEN,read+admin=other",
        ]
        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        let client = try await weir.ready()
        let basic = Data("nextflow:THE-TOKEN".utf8).base64EncodedString()
        let sample = #"{"runId":"r","runName":"n","event":"e","utcTime":"2024-01-01T00:00:00"}"#

        #expect(try client.post("/telemetry", json: sample).status == 401)
        #expect(try client.post("/ingest/THE-TOKEN/telemetry", json: sample).status == 200)
        for field in [
            ("Authorization", "Basic \(basic)"), ("Authorization", "Bearer THE-TOKEN"),
            ("X-API-Key", "THE-TOKEN"),
        ] {
            #expect(try client.post("/telemetry", json: sample, fields: [field]).status == 200, "\(field)")
        }
        #expect(try client.get("/api/nextflow/runs", fields: [("X-API-Key", "THE-TOKEN")]).status == 403)
        #expect(try client.get("/api/nextflow/runs", fields: [("X-API-Key", "other")]).status == 200)
        #expect(await weir.terminate() == 0)
    }

    @Test func `lists the endpoints that there are`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = ["DATABASE_URL": database.target.unmaskedURL]
        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        let description = try await weir.ready().get("/openapi.json").text
        let parsed = try JSONSerialization.jsonObject(with: Data(description.utf8)) as? [String: Any]
        let paths = try #require(parsed?["paths"] as? [String: [String: Any]])
        let listed = Document.endpoints.text.matches(of: /`(GET|POST) (\/[^`]*)`/)

        #expect(listed.count > 15)
        for match in listed {
            let (method, path) = (match.output.1.lowercased(), String(match.output.2))
            #expect(paths[path]?[method] != nil, "\(method) \(path) is not served")
        }
        for path in paths.keys where !path.hasPrefix("/api/metrics/processes/") && path != "/" {
            #expect(Document.endpoints.text.contains(" \(path)`"), "\(path) is not listed")
        }
        #expect(await weir.terminate() == 0)
    }

    @Test func `has a manual that lists every metric`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let url = database.target.unmaskedURL
        let environment = ["DATABASE_URL": url, "DATABASE_READ_URL": url]
        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        let exposition = try await weir.ready().get("/metrics").text
        let manual = Document("docs/operations.md").text
        let names = exposition.matches(of: #/(?m)^# TYPE (weir_\w+) \w+$/#).map { String($0.output.1) }

        #expect(names.count > 20)
        for name in names { #expect(manual.contains("`\(name)`"), "\(name) is not described") }
        #expect(await weir.terminate() == 0)
    }

    @Test func `tells the truth about settings, and so does the manual`() async throws {
        let outcome = await Shell(["WEIR_DATA_DIR": "", "DATABASE_URL": ""]).run("weir config --json")
        let parsed = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
        let settings = try #require(parsed as? [[String: Any]])
        let manual = Document.configuration.rows

        #expect(settings.count > 30)
        #expect(manual.count == settings.count)
        for setting in settings {
            let name = setting["name"] as? String ?? ""
            let option = (setting["option"] as? String).map { "`\($0)`" } ?? ""
            let aliases = (setting["aliases"] as? [String] ?? []).map { "`\($0)`" }
            let (help, accepts) = (setting["help"] as? String ?? "", setting["accepts"] as? String ?? "")
            let row = [
                option, shown(setting["default"]), aliases.joined(separator: ", "),
                "\(help) Takes \(accepts).",
            ]
            #expect(manual[name] == row, "\(name) in docs/configuration.md")
            guard let short = Document.readme.rows[name]?.first else { continue }
            #expect(short.hasPrefix(shown(setting["default"])), "\(name) in README.md")
        }
    }

    /// A default as the tables write it.
    private func shown(_ value: Any?) -> String {
        guard let text = value as? String else { return "not set" }
        return text.isEmpty ? "none" : "`\(text)`"
    }

    @Test(arguments: Document.all)
    func `links to files and headings that are there`(document: Document) throws {
        for match in document.text.matches(of: /\]\(([^)\s]+)\)/) where !match.output.1.hasPrefix("http") {
            let parts = match.output.1.split(separator: "#", omittingEmptySubsequences: false)
            let target = parts[0].isEmpty ? document : document.neighbour(String(parts[0]))
            #expect(FileManager.default.fileExists(atPath: target.path), "\(match.output.1)")
            guard parts.count > 1 else { continue }
            #expect(target.anchors.contains(String(parts[1])), "\(match.output.1)")
        }
    }

    @Test func `shows the event that the server proposes`() async throws {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = ["DATABASE_URL": database.target.unmaskedURL]
        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        _ = try await weir.ready()
        let sample = try #require(weir.outputText.firstMatch(of: /-d '(.*)'/)?.1)

        #expect(Document.readme.text.contains(sample))
        #expect(Document("justfile").text.contains(sample))
        #expect(await weir.terminate() == 0)
    }
}
