import Core
import FeatureTestKit
import HTTP
import Ingest
import Journal
import Logging
import Metrics
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

        init(answering answers: ForwardAnswer...) throws {
            weir = try WorkersHarness()
            state = Mutex((answers, []))
        }

        init(answering status: Int, times: Int) throws {
            weir = try WorkersHarness()
            state = Mutex((Array(repeating: ForwardAnswer(status: status), count: times), []))
        }

        var requests: [[NamedValue]] { state.withLock { $0.requests } }

        func post(_ fields: [NamedValue], _ body: [UInt8]) async throws(ForwardFailure) -> ForwardAnswer {
            let scripted = state.withLock { state in
                state.requests.append(fields)
                return state.answers.isEmpty ? nil : state.answers.removeFirst()
            }
            if let scripted { return scripted }
            var header: HeaderFields = [:]
            for field in fields { header.append(field.name, field.value) }
            let answer = try? await weir.feature.send(.post, "/api/v1/write", bytes: body, fields: header)
            guard let answer else { throw ForwardFailure(why: "the other Weir does not answer") }
            return ForwardAnswer(status: answer.status)
        }
    }

    private let registry = Registry()

    private func forwarder(
        _ weir: WorkersHarness,
        to other: Other,
        labels: [NamedValue] = [],
        headers: [NamedValue] = []
    ) throws -> Forwarder {
        let lease = ForwardLease()
        lease.renew()
        let metrics = ForwardMetrics(registry)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return Forwarder(
            sender: ForwardSender(
                url: "http://other/api/v1/write",
                headers: headers,
                post: { (fields, body) async throws(ForwardFailure) in try await other.post(fields, body) },
                metrics: metrics,
                logger: logger,
                pause: .milliseconds(1)
            ),
            labels: labels,
            pool: weir.feature.pool,
            journal: weir.feature.journal,
            progress: try #require(weir.feature.progress.first { $0.stream == "workers" }),
            lease: lease,
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
        let second = try forwarder(weir, to: other, labels: [NamedValue(name: "cluster", value: "x")])
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

    @Test func `wait visibly while the other side is away`() async throws {
        let weir = try WorkersHarness()
        let other = try Other(answering: 503, times: 1000)
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        let sending = Task { try await forwarder.step() }
        try await eventually {
            forwarder.lease.renew()
            return forwarder.metrics.retries.value > 0 && forwarder.metrics.lag.value > 0
        }
        sending.cancel()
        _ = await sending.result
    }

    @Test func `that are deleted before they are sent are counted as lost`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let forwarder = try forwarder(weir, to: other)
        var digest = KeyDigest()
        digest.add("http://other/api/v1/write")
        let position = """
            INSERT INTO forward_position
            VALUES ('\(digest.finish())', '\(weir.feature.journal.id)', current_date - interval '2 days', 0)
            """
        try weir.database.execute(position)
        while try await forwarder.step() {}
        #expect(forwarder.metrics.lost.value == 2 * 86_400)
        #expect(try await other.weir.rows("SELECT metric_value FROM noetl.metric") == ["1"])
    }

    @Test func `are not sent by a Weir that does not lead`() async throws {
        let weir = try WorkersHarness()
        let other = try Other()
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let leading = try forwarder(weir, to: other)
        let idle = Forwarder(
            sender: leading.sender,
            labels: [],
            pool: leading.pool,
            journal: leading.journal,
            progress: leading.progress,
            lease: ForwardLease(),
            metrics: leading.metrics,
            logger: leading.logger,
            settling: .zero
        )
        #expect(try await !idle.step())
        #expect(other.requests.isEmpty)
    }
}
