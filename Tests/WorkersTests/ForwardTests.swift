import Configuration
import Core
import FeatureTestKit
import Foundation
import HTTP
import Ingest
import Journal
import Logging
import Metrics
import Postgres
import Synchronization
import TestKit
import Testing

@testable import Workers

/// Continuous remote-write into another Weir.
@Suite struct `Forwarded samples` {
    /// What the other side answers before it takes anything, and what it was sent.
    private final class Other: Sendable {
        let weir: WorkersHarness
        private let state: Mutex<(answers: [ForwardAnswer], requests: [[NamedValue]])>
        /// More values in a request are too many for it.
        private let mostValues: Int
        /// How many values each request had.
        private let values = Mutex<[Int]>([])

        init(answering answers: ForwardAnswer..., mostValues: Int = .max) throws {
            weir = try WorkersHarness()
            state = Mutex((answers, []))
            self.mostValues = mostValues
        }

        init(answering status: Int, times: Int) throws {
            weir = try WorkersHarness()
            state = Mutex((Array(repeating: ForwardAnswer(status: status), count: times), []))
            mostValues = .max
        }

        var requests: [[NamedValue]] { state.withLock { $0.requests } }
        var sizes: [Int] { values.withLock { $0 } }

        private func isTooLarge(_ body: [UInt8]) -> Bool {
            let message = try? Snappy.decode(body, atMost: .max)
            let request = message.flatMap {
                try? WriteRequestDecoder.request($0, .v1, SeriesIdentities(), .none)
            }
            let count = request?.sampleCount ?? 0
            values.withLock { $0.append(count) }
            return count > mostValues
        }

        func post(_ fields: [NamedValue], _ body: [UInt8]) async throws(ForwardFailure) -> ForwardAnswer {
            let scripted = state.withLock { state in
                state.requests.append(fields)
                return state.answers.isEmpty ? nil : state.answers.removeFirst()
            }
            if let scripted { return scripted }
            if isTooLarge(body) { return ForwardAnswer(status: 413) }
            var header: HeaderFields = [:]
            for field in fields { header.append(field.name, field.value) }
            let answer = try? await weir.feature.send(.post, "/api/v1/write", bytes: body, fields: header)
            guard let answer else { throw ForwardFailure(why: "the other Weir does not answer") }
            return ForwardAnswer(status: answer.status)
        }
    }

    /// A journal whose disk may take its time.
    private final class SlowDisk: Sendable {
        private let slow = Atomic(false)

        var isSlow: Bool {
            get { slow.load(ordering: .acquiring) }
            set { slow.store(newValue, ordering: .releasing) }
        }

        private let directory = "/tmp/weir-slow-\(UUID128.random())"

        deinit { try? FileManager.default.removeItem(atPath: directory) }

        func journal() throws -> Journal {
            var configuration = JournalConfiguration(directory: directory)
            configuration.reserveBytes = 0
            var setup = JournalSetup(configuration, clock: { .now() }, logger: Logger(label: "test"))
            setup.files.synchronize = { [self] descriptor in
                while isSlow { usleep(1000) }
                return FileOperations.system.synchronize(descriptor)
            }
            return try Journal.open(setup)
        }
    }

    private let registry = Registry()

    private func forwarder(
        _ weir: WorkersHarness,
        to other: Other,
        labels: [NamedValue] = [],
        headers: [NamedValue] = [],
        of journal: Journal? = nil,
        url: String = "http://other/api/v1/write"
    ) throws -> Forwarder {
        let metrics = ForwardMetrics(registry)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return Forwarder(
            sender: ForwardSender(
                destination: ForwardDestination(url),
                headers: headers,
                post: { (fields, body) async throws(ForwardFailure) in try await other.post(fields, body) },
                metrics: metrics,
                logger: logger,
                pause: .milliseconds(1)
            ),
            labels: labels,
            pool: weir.feature.pool,
            journal: journal ?? weir.feature.journal,
            progress: try #require(weir.feature.progress.first { $0.stream == "workers" }),
            lease: WorkLease(weir.database.target, for: .forward),
            metrics: metrics,
            logger: logger,
            settling: .zero
        )
    }

    private func value(_ name: String) throws -> Double? {
        try JSONDocument(registry.json()).root[name]?["value"]?.double
    }

    @Test func `are sample for sample those that are stored`() async throws {
        let weir = try await `Bulk export and import`.filled()
        let other = try Other()
        let forwarder = try forwarder(weir, to: other)
        while try await forwarder.step() {}
        let expected = try weir.database.rows(`Bulk export and import`.samples)
            .map { $0.replacing(#""ö": "#, with: #""_": "#) }
        #expect(try await other.weir.rows(`Bulk export and import`.samples) == expected)
    }

    @Test func `are sent once while nothing fails, also by a Weir that starts later`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1), (2, 2)))
        _ = try await weir.rows("SELECT 1")
        let first = try forwarder(weir, to: other)
        while try await first.step() {}
        #expect(other.requests.count == 1)
        try await weir.write(SentSeries("a", [("job", "j")], (3, 3)))
        _ = try await weir.rows("SELECT 1")
        first.lease.close()
        let second = try forwarder(weir, to: other, labels: [NamedValue(name: "cluster", value: "x")])
        try await eventually { try await second.lease.renew() }
        while try await second.step() {}
        #expect(other.requests.count == 2)
        #expect(
            try await other.weir.rows("SELECT labels, metric_value FROM noetl.metric ORDER BY 2") == [
                #"{"job": "j"}|1"#, #"{"job": "j"}|2"#, #"{"job": "j", "cluster": "x"}|3"#,
            ]
        )
    }

    @Test func `are sent again until they are taken, and not after a refusal`() async throws {
        let weir = try WorkersHarness()
        let other = try Other(
            answering: ForwardAnswer(status: 503, retryAfter: 0),
            ForwardAnswer(status: 429),
            ForwardAnswer(status: 302),
            ForwardAnswer(status: 400)
        )
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(
            weir,
            to: other,
            headers: [NamedValue(name: "Authorization", value: "Bearer secret")]
        )
        while try await forwarder.step() {}
        try await weir.write(SentSeries("a", [("job", "j")], (2, 2), (3, 3)))
        _ = try await weir.rows("SELECT 1")
        while try await forwarder.step() {}
        #expect(other.requests.count == 5)
        #expect(
            other.requests.allSatisfy { fields in
                fields.contains(NamedValue(name: "Authorization", value: "Bearer secret"))
            }
        )
        #expect(try await other.weir.rows("SELECT metric_value FROM noetl.metric ORDER BY 1") == ["2", "3"])
        #expect(forwarder.metrics.refused.value == 1)
        #expect(forwarder.metrics.retries.value == 3)
        #expect(forwarder.metrics.sent.value == 2)
    }

    @Test(arguments: [401, 403, 404, 405, 408])
    func `wait for an operator who mends a mistake`(status: Int) async throws {
        let weir = try WorkersHarness()
        let other = try Other(answering: status, times: 3)
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        while try await forwarder.step() {}
        #expect(try await other.weir.rows("SELECT metric_value FROM noetl.metric") == ["1"])
        #expect(forwarder.metrics.retries.value == 3)
        #expect(forwarder.metrics.refused.value == 0)
    }

    @Test func `are sent in smaller requests when one is too large`() async throws {
        let weir = try WorkersHarness()
        let other = try Other(mostValues: 2)
        try await weir.write(
            SentSeries("a", [("job", "j")], (1, 1), (2, 2), (3, 3)),
            SentSeries("b", [("job", "j")], (1, 4), (2, 5))
        )
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        while try await forwarder.step() {}
        #expect(other.sizes == [5, 2, 3, 1, 2])
        #expect(
            try await other.weir.rows("SELECT metric_name, metric_value FROM noetl.metric ORDER BY 2")
                == ["a|1", "a|2", "a|3", "b|4", "b|5"]
        )
        #expect(forwarder.metrics.sent.value == 5)
        #expect(forwarder.metrics.refused.value == 0)
    }

    @Test func `that are too large one by one are counted as refused`() async throws {
        let weir = try WorkersHarness()
        let other = try Other(mostValues: 0)
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1), (2, 2), (3, 3)))
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        while try await forwarder.step() {}
        #expect(other.sizes == [3, 1, 2, 1, 1])
        #expect(forwarder.metrics.refused.value == 3)
    }

    @Test func `stay sent when the password in the URL changes`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let first = try forwarder(weir, to: other, url: "http://u:old@other/api/v1/write")
        while try await first.step() {}
        first.lease.close()
        let second = try forwarder(weir, to: other, url: "http://u:n%40w@other/api/v1/write")
        try await eventually { try await second.lease.renew() }
        while try await second.step() {}
        #expect(other.requests.count == 1)
        let ids = ["http://u:p@other/a", "http://other/a", "http://other/a@b", "http://other/b"].map {
            ForwardDestination($0).id
        }
        #expect(ids[0] == ids[1] && Set(ids).count == 3)
    }

    @Test(arguments: [
        "http://db:8428/api/v1/write", "https://u:p@db/write", "http://[::1]:1/", "db:8428/api/v1/write",
        "ftp://db/", "http://", "http:///write", "/api/v1/write", "http://d b/",
    ])
    func `go to a URL that can be called`(url: String) {
        var settings = SettingValues()
        let isTaken = ["http://db:8428/api/v1/write", "https://u:p@db/write", "http://[::1]:1/"].contains(url)
        let result: Void? = try? settings.set(ForwardSettings.url.row, to: url)
        #expect((result != nil) == isTaken)
    }

    @Test(arguments: [
        ("http://127.0.0.1:8000/api/v1/write", true), ("http://127.0.0.1:9000/", true),
        ("http://u:p@LOCALHOST:8000/", true),
        ("http://[::1]:8000/", true), ("http://10.0.0.1:80/", true), ("http://10.0.0.1/", true),
        ("http://weir.example.org:8765/", true), ("http://127.0.0.1:8428/", false),
        ("http://127.0.0.1/", false),
        ("http://10.0.0.2/", false), ("http://vm:8000/", false),
    ])
    func `do not go to this Weir itself`(url: String, isOwn: Bool) {
        let listeners: [(host: String, port: UInt16)] = [
            ("127.0.0.1", 8000), ("0.0.0.0", 9000), ("10.0.0.1", 80), ("weir.example.org", 8765),
        ]
        #expect(ForwardDestination(url).isOne(of: listeners) == isOwn)
    }

    @Test func `are not forwarded by a Weir that is its own receiver`() throws {
        let weir = try WorkersHarness()
        func tasks(_ url: String) throws -> Int {
            var settings = SettingValues()
            try settings.set(ForwardSettings.url.row, to: url)
            var setup = FeatureSetup(
                settings: settings,
                journal: weir.feature.journal,
                pool: weir.feature.pool,
                registry: Registry(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                dataDirectory: "/tmp",
                ownAddresses: [("127.0.0.1", 8000)],
                loading: FeatureSetup.LoadingOptions(
                    registration: JournalRegistration(journal: weir.feature.journal),
                    session: SessionSettings()
                )
            )
            Feature.forward(in: &setup, StreamProgress(stream: "workers"))
            return setup.tasks.count
        }
        #expect(try tasks("http://127.0.0.1:8428/api/v1/write") == 1)
        #expect(try tasks("http://127.0.0.1:8000/api/v1/write") == 0)
    }

    @Test func `of a Weir that has gone are sent to the last one`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        var many = SentSeries("many", [("job", "j")])
        many.samples = (0..<30_500).map { (Int64($0), Double($0).bitPattern) }
        try await weir.write(many)
        _ = try await weir.rows("SELECT 1")
        try weir.database.execute("UPDATE journal_position SET applied_at = now() - interval '2 minutes'")
        // Its own journal is another one.
        let forwarder = try forwarder(weir, to: other, of: other.weir.feature.journal)
        while try await forwarder.step() {}
        let sums = "SELECT count(*), sum(metric_value) FROM noetl.metric"
        #expect(try await other.weir.rows(sums) == ["30500|465109750"])
        let sent = other.requests.count
        #expect(try await !forwarder.step())
        #expect(other.requests.count == sent)
    }

    @Test func `are not passed over while they wait for a slow disk`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        let disk = SlowDisk()
        let journal = try disk.journal()
        disk.isSlow = true
        let waiting = Task { try await journal.append(kind: "metrics.report/1", body: Array("{}".utf8)) }
        try await eventually { journal.backlog.bytes > 0 }
        try weir.database.execute(
            "INSERT INTO journal_position VALUES ('\(journal.id)', 'workers', 0, 1, '2020-01-01')"
        )
        let forwarder = try forwarder(weir, to: other, of: journal)
        #expect(try await !forwarder.step())
        let passed = "SELECT count(*) FROM forward_position WHERE received_at > '2020-01-01'"
        #expect(try weir.database.rows(passed) == ["0"])
        disk.isSlow = false
        _ = try await waiting.value
        journal.close()
    }

    @Test func `wait visibly while the other side is away`() async throws {
        let weir = try WorkersHarness()
        let other = try Other(answering: 503, times: 1000)
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        let sending = Task { try await forwarder.step() }
        try await eventually {
            forwarder.metrics.retries.value > 0 && forwarder.metrics.lag.value > 0
        }
        sending.cancel()
        _ = await sending.result
    }

    @Test func `of many small reports are sent together`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        for index in 0..<100 { try await weir.write(SentSeries("a", [("job", "j")], (Int64(index), 1))) }
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        while try await forwarder.step() {}
        #expect(other.requests.count <= 3)
        #expect(try await other.weir.rows("SELECT count(*) FROM noetl.metric") == ["100"])
    }

    @Test func `of series that were deleted are left out`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        try weir.database.execute("DELETE FROM series")
        let forwarder = try forwarder(weir, to: other)
        while try await forwarder.step() {}
        #expect(other.requests.isEmpty)
        #expect(forwarder.metrics.sent.value == 0)
    }

    @Test(arguments: [("1 second", 1), ("2 days", 2 * 86_400)])
    func `that are deleted before they are sent are counted as lost`(age: String, lost: Double) async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        var digest = KeyDigest()
        digest.add("http://other/api/v1/write")
        let position = """
            INSERT INTO forward_position
            VALUES ('\(digest.finish())', '\(weir.feature.journal.id)', current_date - interval '\(age)', 0)
            """
        try weir.database.execute(position)
        while try await forwarder.step() {}
        #expect(forwarder.metrics.lost.value == lost)
        #expect(try await other.weir.rows("SELECT metric_value FROM noetl.metric") == ["1"])
    }

    @Test(arguments: ["cluster=a", "a=1,b=2", "a-b=1", "__name__=x", "ä=1", "a=1,a=2"])
    func `have no further labels that would be refused`(text: String) {
        var settings = SettingValues()
        let isTaken = text == "cluster=a" || text == "a=1,b=2"
        let result: Void? = try? settings.set(ForwardSettings.labels.row, to: text)
        #expect((result != nil) == isTaken)
    }

    @Test func `are sent by one of two Weirs, and by the other when it stops`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        let (first, second) = (try forwarder(weir, to: other), try forwarder(weir, to: other))
        #expect(try await !first.step())
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        #expect(try await !second.step())
        #expect(other.requests.isEmpty)
        first.lease.close()
        try await eventually { try await second.step() }
        #expect(try await !first.step())
        #expect(other.requests.count == 1)
    }
}
