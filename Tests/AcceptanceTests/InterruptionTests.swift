import Foundation
import TestKit
import Testing

/// Signals, closed pipes and wrong files at the commands that start a private cluster.
@Suite(.serialized) struct `An operator who changes his mind` {
    /// A data directory with a private cluster, a schema and one copy in it; nothing runs.
    private struct Place {
        let directory = TemporaryDirectory()
        let copy: String

        init() async throws {
            let shell = Shell([
                "WEIR_DATA_DIR": directory.path, "WEIR_BACKUP_MIN_FREE": "0", "DATABASE_URL": "",
            ])
            let made = await shell.run("weir migrate --quiet && weir backup --json")
            #expect(made.exitCode == 0, "\(made.output)")
            let document = try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any]
            copy = try #require(document?["path"] as? String)
        }

        var environment: [String: String] {
            ["WEIR_DATA_DIR": directory.path, "WEIR_BACKUP_MIN_FREE": "0", "DATABASE_URL": ""]
        }

        /// Whether a server runs in the private cluster: it writes this file at its start and removes it at its end.
        var clusterRuns: Bool {
            FileManager.default.fileExists(atPath: directory.path + "/postgres/data/postmaster.pid")
        }
    }

    /// Starts a command whose standard input stays open and says nothing.
    private func start(_ arguments: [String], _ place: Place) throws -> (WeirProcess, Pipe) {
        let silence = Pipe()
        let weir = try WeirProcess(
            dataDirectory: place.directory.path,
            environment: place.environment,
            arguments: arguments,
            input: silence
        )
        return (weir, silence)
    }

    @Test func `ends a command at its prompt by any signal, and its cluster goes with it`() async throws {
        let place = try await Place()
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            let (weir, silence) = try start(["restore", place.copy], place)
            try await eventually { weir.errorText.contains("Type yes to go on:") }
            #expect(place.clusterRuns)
            kill(weir.process.processIdentifier, signal)
            #expect(await weir.ended() == signal)
            #expect(weir.process.terminationReason == .uncaughtSignal)
            #expect(!place.clusterRuns, "the cluster still runs after signal \(signal)")
            withExtendedLifetime(silence) {}
        }
    }

    @Test func `ends a copy that is being made, and nothing is left of either`() async throws {
        let place = try await Place()
        let (weir, silence) = try start(["backup", "--verify", "full"], place)
        try await eventually { weir.errorText.contains("counting rows") }
        kill(weir.process.processIdentifier, SIGTERM)
        #expect(await weir.ended() == SIGTERM)
        #expect(!place.clusterRuns, "the cluster still runs")
        #expect(!weir.errorText.contains("retrying in"), "\(weir.errorText)")
        withExtendedLifetime(silence) {}
    }

    @Test func `closes the terminal of a server, which then stops as it should`() async throws {
        let place = try await Place()
        let weir = try WeirProcess(dataDirectory: place.directory.path, environment: place.environment)
        _ = try await weir.ready()
        kill(weir.process.processIdentifier, SIGHUP)
        #expect(await weir.ended() == 0)
        #expect(!place.clusterRuns, "the cluster still runs")
    }

    @Test func `reads only the first line of a report`() async throws {
        let place = try await Place()
        let audit = await Shell(place.environment).run("weir audit 2>&1 | head -n 1")
        #expect(audit.output.hasPrefix("weir, "), "\(audit.output)")
        #expect(!place.clusterRuns, "the cluster still runs")
    }

    @Test func `is told what is no copy, before anything is started`() async throws {
        let place = try await Place()
        let commands = ["mkfifo", "mkdir", "ln -s /dev/zero", "ln -s /dev/tty", "python3 -c \(Self.socket)"]
        for (make, name) in commands.flatMap({ [($0, "backup_metadata.json"), ($0, "weir.dump")] }) {
            let wrong = place.directory.path + "/wrong"
            let shell = Shell(place.environment)
            let made = await shell.run(
                "rm -rf \(wrong); cp -r \(place.copy) \(wrong); rm \(wrong)/\(name); \(make) \(wrong)/\(name)"
            )
            #expect(made.exitCode == 0, "\(made.output)")
            let refused = await shell.run("timeout 60 weir restore \(wrong) --yes")
            #expect(refused.exitCode == 1)
            #expect(
                refused.output == "weir: \(wrong)/\(name) is no ordinary file\n",
                "\(make): \(refused.output)"
            )
        }
        #expect(!place.clusterRuns)
    }

    private static let socket = "'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])'"
}
