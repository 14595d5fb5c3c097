import Foundation
import Postgres
import TestKit
import Testing

/// What stands on the terminal when something is typed, wrong or right.
@Suite(.serialized) struct `An operator who types` {
    private let shell = Shell(["DATABASE_URL": ""])

    @Test(arguments: [
        ("weir", "weir: name a command."),
        ("weir serv", "weir: there is no command 'serv'. Did you mean 'weir serve'?"),
        ("weir dead", "weir: there is no command 'dead'. Did you mean 'weir dead-letters'?"),
        ("weir xyzzy", "weir: there is no command 'xyzzy'."),
        ("weir --foo", "weir: there is no option '--foo' before a command."),
        ("weir token lsit", "weir token: there is no command 'lsit'. Did you mean 'weir token list'?"),
        ("weir runs", "weir runs: name a command."),
        ("weir migrate down", "weir migrate: there is no command 'down'."),
    ])
    func `sees the commands that there are, and the nearest one`(typed: String, says: String) async {
        let outcome = await shell.run(typed)
        let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(outcome.exitCode == 64)
        #expect(lines.first.map(String.init) == says)
        #expect(lines.contains("Commands:"))
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(outcome.output)")
    }

    @Test(arguments: [
        "weir --help", "weir help", "weir -h", "weir help serve", "weir token --help", "weir --version",
    ])
    func `is helped when he asks for it`(typed: String) async {
        let outcome = await shell.run(typed)
        #expect(outcome.exitCode == 0 && !outcome.output.contains("there is no"), "\(outcome.output)")
    }

    @Test func `gets JSON from every command that scripts ask, and words without it, in 80 columns`()
        async throws
    {
        let database = try TemporaryDatabase.make()
        let directory = TemporaryDirectory()
        let environment = ["DATABASE_URL": database.target.unmaskedURL, "WEIR_BACKUP_MIN_FREE": "0"]
        let weir = try WeirProcess(dataDirectory: directory.path, environment: environment)
        let client = try await weir.ready()
        guard case .tcp(_, let port) = client.address else { return }
        try Connection.withTemporary(database.target) { connection in
            _ = try connection.executeScript(Self.deadLetter)
        }
        let shell = Shell(
            environment.merging(["WEIR_DATA_DIR": directory.path, "WEIR_LISTEN": "127.0.0.1:\(port)"]) { $1 }
        )
        for (command, member) in Self.commands {
            let json = await shell.run("weir \(command) --json")
            let value = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            let object = value as? [String: Any] ?? (value as? [[String: Any]])?.first
            #expect(object?[member] != nil, "\(command): \(json.output)")
            let words = await shell.run("weir \(command.replacing("create one", with: "create two"))")
            #expect(words.exitCode == json.exitCode)
            #expect(!words.output.isEmpty && !words.output.hasPrefix("{") && !words.output.hasPrefix("["))
            let tooWide = words.output.split(separator: "\n").filter {
                $0.count > 80 && !$0.contains(directory.path)
            }
            #expect(tooWide.isEmpty, "\(command): \(tooWide)")
        }
        for command in ["doctor", "health", "migrate", "retain --runs-older-than 30d", "backup"] {
            let quiet = await shell.run("weir \(command) --quiet")
            #expect(quiet.exitCode == 0 && !quiet.output.contains("ok "), "\(command): \(quiet.output)")
        }
        #expect(await weir.terminate() == 0)
    }

    private static let commands = [
        ("doctor", "checks"), ("health", "status"), ("health --ready", "checks"), ("migrate", "up_to_date"),
        ("migrate status", "steps"), ("token create one", "token"), ("token list", "created_at"),
        ("dead-letters", "reason"), ("dead-letters list --bodies", "body"),
        ("dead-letters retry 4711", "outcome"),
        ("backup", "metadata"), ("audit", "answers"), ("config", "name"),
    ]

    private static let deadLetter = """
        INSERT INTO dead_letter
            (journal_id, stream, seq, element, stage, kind, received_at, sql_state, reason, body)
        VALUES (gen_random_uuid(), 'nextflow', 1, 0, 1, 'nextflow.event/1', now(), '22003',
                'the value "12345678901234567890" is out of range for type bigint, and the sentence goes on and on', '{}')
        """

    @Test func `stops a simulation and is told what was sent, and how to have it again`() async throws {
        let directory = TemporaryDirectory()
        // A server that never answers: nobody waits for it at the end.
        let stub = try StubListener(nil)
        let arguments = ["simulate", "--url", stub.url, "--runs", "5", "--tasks", "500"]
        let weir = try WeirProcess(dataDirectory: directory.path, arguments: arguments)
        try await eventually { stub.connections() == 5 }
        kill(weir.process.processIdentifier, SIGINT)
        #expect(await weir.ended() == SIGINT)
        #expect(weir.outputText.contains("\nacknowledged  0  ("), "\(weir.outputText)")
        #expect(weir.outputText.contains("\nnot answered  5\n"), "\(weir.outputText)")
        #expect(weir.outputText.contains(/again with    --seed \d+ --start 20/), "\(weir.outputText)")
        #expect(weir.outputText.contains("stopped before the end"), "\(weir.outputText)")
    }

    @Test func `simulates other runs each time`() async throws {
        let shell = Shell([:])
        let command = "weir simulate --url http://127.0.0.1:9/ --runs 1 --tasks 1 | head -n 1"
        let (first, second) = await (shell.run(command).output, shell.run(command).output)
        #expect(first.wholeMatch(of: /again with    --seed \d+ --start 20[0-9:TZ.-]+\n/) != nil, "\(first)")
        #expect(first.prefix(40) != second.prefix(40))
    }
}
