import Foundation
import Nextflow
import Postgres
import TestKit
import Testing

@testable import Operations
@testable import WeirApp

/// What was acknowledged once can be read by every release to come: a journal with the answers that its own release
/// gave. `scripts/experiment replay --fixture` makes one; an old one is never made again.
@Suite struct `A journal of an older release` {
    @Test(arguments: [("0.1.0", 21)])
    func `is replayed into the answers that it gave then`(release: String, count: Int) async throws {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/journal-\(release)")
        let database = try TemporaryDatabase.make()
        var settings = Settings()
        settings.databaseURL = database.target.unmaskedURL
        settings.dataDirectory = EmbeddedServer.newDirectory()
        let lines = try await DatabaseSession.with(settings) { session in
            try await JournalReplay([directory.path], session).run { _, _ in }
        }
        #expect(lines == ["\(count) lines replayed, 0 dead letters"])
        try? FileManager.default.removeItem(atPath: settings.dataDirectory)

        let weir = try await EmbeddedServer.start(databaseURL: database.target.unmaskedURL) {
            $0[NextflowSettings.staleAfter] = .seconds(86_400 * 36_500)
        }
        let client = try weir.client()
        let stored = try String(contentsOf: directory.appending(path: "answers.txt"), encoding: .utf8)
            .split(separator: "\n").map(String.init)
        #expect(stored.count >= 30)
        for index in stride(from: 0, to: stored.count - 1, by: 2) {
            let answer = try client.get(stored[index]).text
            #expect(Self.lasting(answer) == Self.lasting(stored[index + 1]), "\(stored[index])")
        }
        await weir.stop()
    }

    /// An answer without the clock, without the ids that the database hands out, and without members that later
    /// releases have added.
    private static func lasting(_ answer: String) -> String {
        answer.replacing(/"generated_at_utc":"[^"]*"/, with: "")
            .replacing(/"telemetry_id":\d+/, with: "")
            .replacing(/\{"id":\d+,"event"/, with: #"{"event""#)
            .replacing(/,"outcome_unknown":0/, with: "")
            .replacing(/,"source":"weblog"/, with: "").replacing(/,"tower":null/, with: "")
            .replacing(
                /,"executor":null,"machine_type":null,"cloud_zone":null,"price_model":null,"spot_interruptions":null/,
                with: ""
            )
            .replacing(/,"trace_id":"[0-9a-f]{32}","span_id":"[0-9a-f]{16}"/, with: "")
            .replacing(/,"percentile_method":"exact","percentile_relative_error":0\.0/, with: "")
    }
}
