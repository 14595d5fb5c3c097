import Core
import Foundation
import HTTPServer
import Postgres
import TestKit
import Testing

@testable import WeirApp

/// Alertmanager's own client, as Debian brings it.
private enum Amtool {
    static let path = ["/usr/bin/amtool", "/usr/local/bin/amtool"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Its output; errors of it come after that.
    static func run(_ url: String, _ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = ["--alertmanager.url=\(url)", "--no-version-check"] + arguments
        process.environment = ["HOME": NSTemporaryDirectory(), "TZ": "UTC"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: text, as: UTF8.self)
    }
}

@Suite("amtool", .serialized, .enabled(if: Amtool.path != nil, "amtool is not installed"))
struct AmtoolTests {
    private static let rows = """
        INSERT INTO notification_channel (uuid, name, kind, enabled, config)
        VALUES ('0198a1b2-0000-7000-8000-0000000000c1', 'on call', 'webhook', true, '{"url":"http://127.0.0.1:9"}');
        INSERT INTO alert_rule (uuid, name, trigger_kind, trigger_config, channel_ids)
        VALUES (
            '0198a1b2-0000-7000-8000-000000000001', 'run failed', 'event', '{"events":["pipeline_failed"]}',
            ARRAY['0198a1b2-0000-7000-8000-0000000000c1']::uuid[]
        );
        INSERT INTO alert_incident (
            uuid, rule_id, rule_name, key, status, event, alert, severity, project, title, summary, labels, started_at,
            last_fired_at, notified_at
        )
        SELECT gen_random_uuid(), '0198a1b2-0000-7000-8000-000000000001', 'run failed', 'k' || p, 'firing',
               'pipeline_failed', 'execution.failed', 'error', p, 'Run of ' || p || ' failed', 's',
               jsonb_build_object('project', p), now(), now(), now()
        FROM unnest(ARRAY['rna', 'dna']) AS p;
        UPDATE alert_revision SET revision = revision + 1;
        """

    /// The database is dropped with its value.
    private func started() async throws -> (EmbeddedServer, url: String, TemporaryDatabase) {
        let database = try TemporaryDatabase.make()
        let weir = try await EmbeddedServer.start(databaseURL: database.target.unmaskedURL)
        try database.execute(Self.rows)
        let port = weir.server.addresses.first { $0.profile == nil }?.port ?? 0
        return (weir, "http://127.0.0.1:\(port)", database)
    }

    @Test func `lists alerts, by matchers, and what Weir routes by`() async throws {
        let (weir, url, database) = try await started()
        defer { withExtendedLifetime(database) {} }
        let all = try Amtool.run(url, "alert", "query")
        #expect(all.contains("Run of rna failed") && all.contains("Run of dna failed"), "\(all)")
        let some = try Amtool.run(
            url,
            "alert",
            "query",
            "-o",
            "simple",
            "alertname=run failed",
            "project=~r.*"
        )
        #expect(some.contains("Run of rna failed") && !some.contains("dna"), "\(some)")
        let wrong = try Amtool.run(url, "alert", "query", "project=~(?=x)")
        #expect(!wrong.contains("Run of"), "\(wrong)")
        let cluster = try Amtool.run(url, "cluster", "show")
        #expect(cluster.contains("disabled"), "\(cluster)")
        let routes = try Amtool.run(url, "config", "routes")
        #expect(routes.contains(#"{alertname="run failed"}"#) && routes.contains("on call"), "\(routes)")
        let test = try Amtool.run(url, "config", "routes", "test", "alertname=run failed")
        #expect(test.contains("on call"), "\(test)")
        let config = try Amtool.run(url, "config", "show")
        let file = "\(weir.directory)/alertmanager.yml"
        try Data(config.utf8).write(to: URL(fileURLWithPath: file))
        let check = try Amtool.run(url, "check-config", file)
        #expect(check.contains("SUCCESS"), "\(check)")
        await weir.stop()
    }

    @Test func `adds, lists, changes and ends silences`() async throws {
        let (weir, url, database) = try await started()
        defer { withExtendedLifetime(database) {} }
        let id = try Amtool.run(url, "silence", "add", "-a", "ana", "-c", "a test", "-d", "1h", "project=rna")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(UUID128(id) != nil, "\(id)")
        let shown = try Amtool.run(url, "silence", "query")
        #expect(
            shown.contains(id) && shown.contains(#"project="rna""#) && shown.contains("a test"),
            "\(shown)"
        )
        #expect(try Amtool.run(url, "silence", "query", "-q", "project=rna").contains(id))
        #expect(try !Amtool.run(url, "silence", "query", "-q", "project=dna").contains(id))
        let active = try Amtool.run(url, "alert", "query")
        #expect(!active.contains("Run of rna failed") && active.contains("Run of dna failed"), "\(active)")
        #expect(try Amtool.run(url, "alert", "query", "--silenced").contains("Run of rna failed"))
        let changed = try Amtool.run(url, "silence", "update", "-d", "2h", "-c", "longer", id)
        #expect(changed.contains(id) && changed.contains("longer"), "\(changed)")
        let ended = try Amtool.run(url, "silence", "expire", id)
        #expect(ended.isEmpty, "\(ended)")
        #expect(try !Amtool.run(url, "silence", "query", "-q").contains(id))
        #expect(try Amtool.run(url, "silence", "query", "-q", "--expired").contains(id))
        #expect(try Amtool.run(url, "alert", "query").contains("Run of rna failed"))
        let nothing = try Amtool.run(url, "silence", "add", "-a", "ana", "-c", "c", #"project=~"(?=x)""#)
        #expect(nothing.contains("error"), "\(nothing)")
        let many = try Amtool.run(url, "silence", "add", "-a", "ana", "-c", "c", "project=~.*")
        #expect(many.contains("at least one matcher must not match the empty string"), "\(many)")
        await weir.stop()
    }
}
