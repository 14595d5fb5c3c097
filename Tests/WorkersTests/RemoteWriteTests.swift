import Core
import FeatureTestKit
import HTTP
import Journal
import Logging
import TestKit
import Testing

@testable import Workers

/// `POST /api/v1/write`: Prometheus remote-write 1.0 and 2.0.
@Suite struct `Remote-write` {
    /// Without microseconds, as senders have it.
    private static let now = Timestamp.now().microseconds / 1000

    private static let samples = """
        SELECT r.name, m.metric_name, m.metric_type, m.labels::text, m.metric_value,
            extract(epoch FROM m."timestamp")::numeric * 1000
        FROM noetl.metric m JOIN noetl.runtime r USING (runtime_id) ORDER BY m.metric_id
        """

    @Test(arguments: [RemoteWriteVersion.v1, .v2])
    func `stores samples as those of a broker named by the job`(version: RemoteWriteVersion) async throws {
        let weir = try WorkersHarness()
        let series = [
            SentSeries("up", [("instance", "a:1"), ("job", "node")], (1000, 1), (2000, 0)),
            SentSeries("http_requests_total", [("code", "200"), ("job", "web")], (1000, 17.5)),
            SentSeries("up", [("instance", "b:1"), ("job", "node")], (1000, -1)),
            SentSeries("lonely", [], (-5, .infinity)),
        ]
        let answer =
            switch version {
            case .v1: try await weir.write(SentSeries.message(series))
            case .v2: try await weir.write(SentSeries.message2(series), type: WorkersHarness.v2)
            }
        #expect(answer.status == 204)
        #expect(answer.text == "")
        #expect(answer.fields["X-Prometheus-Remote-Write-Samples-Written"] == "5")
        #expect(answer.fields["X-Prometheus-Remote-Write-Histograms-Written"] == "0")
        #expect(
            try await weir.rows(Self.samples).sorted() == [
                #"node|up|gauge|{"job": "node", "instance": "a:1"}|0|2000.000000"#,
                #"node|up|gauge|{"job": "node", "instance": "a:1"}|1|1000.000000"#,
                #"node|up|gauge|{"job": "node", "instance": "b:1"}|-1|1000.000000"#,
                #"remote-write|lonely|gauge|∅|Infinity|-5.000000"#,
                #"web|http_requests_total|counter|{"job": "web", "code": "200"}|17.5|1000.000000"#,
            ]
        )
        #expect(
            try weir.database.rows(
                "SELECT name, component_type, runtime, status FROM component ORDER BY name"
            ) == [
                #"node|broker|{"type": "remote_write"}|ready"#,
                #"remote-write|broker|{"type": "remote_write"}|ready"#,
                #"web|broker|{"type": "remote_write"}|ready"#,
            ]
        )
    }

    @Test func `is one line of the journal with the block as it came`() async throws {
        let weir = try WorkersHarness()
        let before = weir.feature.journal.durableSeq
        try await weir.write(
            SentSeries("a", [("job", "x")], (1, 1)),
            SentSeries("a", [("job", "y")], (1, 1))
        )
        #expect(weir.feature.journal.durableSeq == before + 1)
        let reader = weir.feature.journal.reader(after: before)
        let line = try #require(try reader.next(maxLines: 10, maxBytes: 1 << 20).lines.first)
        #expect(line.kind == "metrics.remote_write.v1/1")
        let text = try #require(try JSONDocument(Array(line.body)).root.string)
        let block = try #require(Base64.decode(text))
        let sent = SentSeries.message([
            SentSeries("a", [("job", "x")], (1, 1)), SentSeries("a", [("job", "y")], (1, 1)),
        ])
        #expect(try Snappy.decode(block, atMost: 1000) == sent)
    }

    @Test func `shows the newest sample in the export, and ends a series with a stale marker`() async throws {
        let weir = try WorkersHarness()
        let now = Self.now
        try await weir.write(
            SentSeries("up", [("job", "node")], (now - 20, 3), (now - 10, 5), (now - 15, 4)),
            SentSeries("down", [("job", "node")], (now, 1))
        )
        let shown = try await weir.get("/api/metrics/prometheus").text
        #expect(shown.contains(#"up{job="node",component="node",component_type="broker"} 5.0"#))
        #expect(shown.contains("down{"))
        var end = SentSeries("down", [("job", "node")])
        end.samples = [(now + 1, 0x7FF0_0000_0000_0002)]
        try await weir.write(end)
        // Older ones do not revive it.
        try await weir.write(SentSeries("down", [("job", "node")], (now - 5, 7)))
        #expect(!(try await weir.get("/api/metrics/prometheus").text.contains("down{")))
        let bits =
            "SELECT float8send(metric_value) FROM noetl.metric WHERE metric_name = 'down' ORDER BY metric_id"
        #expect(
            try await weir.rows(bits) == [
                "\\x3ff0000000000000", "\\x7ff0000000000002", "\\x401c000000000000",
            ]
        )
        // A Weir that starts afterwards does not revive it either.
        let latest = LatestValues()
        let follower = LatestFollower(
            latest: latest,
            journal: weir.feature.journal,
            pool: weir.feature.pool,
            logger: Logger(label: "test"),
            interval: .seconds(60)
        )
        let following = Task { await follower.run() }
        try await eventually { latest.seriesCount == 2 }
        following.cancel()
        let again = String(decoding: try MetricsExport().render(latest, at: .now()), as: UTF8.self)
        #expect(again.contains("up{"))
        #expect(!again.contains("down{"))
        try await weir.write(SentSeries("down", [("job", "node")], (now + 2, 8)))
        #expect(try await weir.get("/api/metrics/prometheus").text.contains("down{"))
    }

    @Test func `refuses what is not remote-write, with a status that is not sent again`() async throws {
        let weir = try WorkersHarness()
        let message = SentSeries.message([SentSeries("a", [], (1, 1))])
        #expect(try await weir.write(message, type: "application/json").status == 415)
        #expect(
            try await weir.write(message, type: "application/x-protobuf;proto=other.Message").status == 415
        )
        #expect(try await weir.write(message, coding: "gzip").status == 415)
        #expect(try await weir.write(message, type: nil, coding: nil).status == 204)
        let fields: HeaderFields = ["Content-Type": WorkersHarness.v1, "Content-Encoding": "snappy"]
        for body in [[], [255, 255, 255, 255, 15, 0, 1], message] as [[UInt8]] {
            let answer = try await weir.feature.send(.post, "/api/v1/write", bytes: body, fields: fields)
            #expect(answer.status == 400)
            #expect(answer.text.contains("not a Snappy block"))
        }
        let torn = try await weir.write(Array(message.dropLast()))
        #expect(torn.status == 400)
        #expect(torn.fields["X-Prometheus-Remote-Write-Samples-Written"] == "0")
        #expect(torn.text.contains("not a message of remote-write"))
        #expect(try await weir.rows("SELECT count(*) FROM noetl.metric") == ["1"])
    }

    @Test func `stores the rest when some series are invalid, and says what is not stored`() async throws {
        let weir = try WorkersHarness(seriesOfComponent: 2)
        var unnamed = SentSeries("x", [("job", "j")], (1, 1), (2, 1))
        unnamed.labels.removeFirst()
        let answer = try await weir.write(
            unnamed,
            SentSeries("a", [("job", "j"), ("empty", "")], (1, 1)),
            SentSeries("nul", [("job", "j"), ("l", "a\u{0}b")], (1, 1)),
            SentSeries("twice", [("job", "j"), ("l", "1"), ("l", "2")], (1, 1)),
            SentSeries("long", [("job", "j"), ("l", String(repeating: "x", count: 4097))], (1, 1)),
            SentSeries("late", [("job", "j")], (.max, 1)),
            SentSeries("b", [("job", "j")], (1, 2)),
            SentSeries("c", [("job", "j")], (1, 3), (2, 3), (3, 3)),
            SentSeries("c", [("job", "k")], (1, 4))
        )
        #expect(answer.status == 400)
        #expect(answer.fields["X-Prometheus-Remote-Write-Samples-Written"] == "3")
        let detail = try answer.json["detail"]?.string
        #expect(
            detail == """
                3 samples were stored. Not stored were 2 because a series has no name, 1 because a label is not UTF-8, or \
                has U+0000 in it, 1 because a label has no name, or a name is repeated, 1 because a series has too many \
                labels, or too long ones, 3 because the component has too many series, 1 because the time of a sample is \
                not between the years 1 and 9999. Do not send them again.
                """
        )
        #expect(
            try await weir.rows("SELECT metric_name, labels, metric_value FROM noetl.metric ORDER BY 1, 3")
                == [
                    #"a|{"job": "j"}|1"#, #"b|{"job": "j"}|2"#, #"c|{"job": "k"}|4"#,
                ]
        )
    }

    @Test func `keeps components apart when the first series of one is left out`() async throws {
        let weir = try WorkersHarness(seriesOfComponent: 1)
        try await weir.write(SentSeries("a", [("job", "full")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let answer = try await weir.write(
            SentSeries("b", [("job", "full")], (1, 2)),
            SentSeries("a", [("job", "new")], (1, 3), (2, 4)),
            SentSeries("a", [("job", "full")], (1, 5))
        )
        #expect(answer.fields["X-Prometheus-Remote-Write-Samples-Written"] == "3")
        #expect(
            try await weir.rows(
                """
                SELECT r.name, m.metric_value FROM noetl.metric m JOIN component r USING (runtime_id) ORDER BY 2
                """
            ) == ["full|1", "new|3", "new|4", "full|5"]
        )
        #expect(try weir.database.rows("SELECT count(DISTINCT metric_id) FROM noetl.metric") == ["4"])
        #expect(try weir.database.rows("SELECT count(*) FROM dead_letter") == ["0"])
    }

    @Test func `takes a new component as long as there is room, however many a request has`() async throws {
        let weir = try WorkersHarness(mostAdopted: 3)
        let old = [SentSeries("a", [("job", "1")], (1, 1)), SentSeries("a", [("job", "2")], (1, 1))]
        #expect(try await weir.write(SentSeries.message(old)).status == 204)
        let third = SentSeries("a", [("job", "3")], (1, 1))
        #expect(try await weir.write(SentSeries.message(old + [third])).status == 204)
        let fourth = SentSeries("a", [("job", "4")], (1, 1))
        let answer = try await weir.write(SentSeries.message(old + [fourth]))
        #expect(answer.status == 400)
        #expect(answer.text.contains("1 because there are too many components"))
    }

    @Test func `gives rows that are cut at an hour no ids of other samples`() async throws {
        let weir = try WorkersHarness()
        var wide = SentSeries("wide", [("job", "j")])
        wide.samples = (0..<1500).map { (Int64($0) * 10_000, Double($0).bitPattern) }
        let before = weir.feature.journal.durableSeq
        try await weir.write(wide)
        let reader = weir.feature.journal.reader(after: before)
        let line = try #require(try reader.next(maxLines: 10, maxBytes: 1 << 20).lines.first)
        let numbers: [Int64] = WorkersLine.numbers(line.members.object?["components"])
        let (first, second) = (try #require(numbers.dropFirst().first), try #require(numbers.last))
        #expect(
            try await weir.rows(
                """
                SELECT bool_and(metric_id BETWEEN \(first) AND \(first + 999)
                    OR metric_id BETWEEN \(second) AND \(second + 499)), count(DISTINCT metric_id)
                FROM noetl.metric
                """
            ) == ["t|1500"]
        )
    }

    @Test func `shows descriptions of version 2 that change, or come later`() async throws {
        let weir = try WorkersHarness()
        func sent(_ metadata: (UInt64, String, String)?, _ time: Int64) async throws {
            let described = [("queue", "a"), ("queue", "b"), ("wait_sum", "a")].map { name, label in
                var series = SentSeries(name, [("job", "j"), ("l", label)], (Self.now + time, Double(time)))
                series.metadata = metadata
                return series
            }
            #expect(
                try await weir.write(SentSeries.message2(described), type: WorkersHarness.v2).status == 204
            )
        }
        func stored() async throws -> Set<String> {
            Set(
                try await weir.rows(
                    "SELECT metric_name, metric_type, help_text, unit FROM series ORDER BY 1, series_id"
                )
            )
        }
        func shown() async throws -> [String] {
            let text = try await weir.get("/api/metrics/prometheus").text
            return text.split(separator: "\n").map(String.init)
        }
        let rest = #"component="j",component_type="broker"}"#
        try await sent(nil, 0)
        #expect(try await stored() == ["queue|gauge|∅|∅", "wait_sum|histogram|∅|∅"])
        #expect(try await shown().contains("# TYPE wait histogram"))
        try await sent((1, "Jobs.", "jobs"), 1)
        #expect(try await stored() == ["queue|counter|Jobs.|jobs", "wait_sum|counter|Jobs.|jobs"])
        #expect(
            try await shown() == [
                "# HELP queue Jobs.", "# TYPE queue counter", #"queue{l="a",job="j",\#(rest) 1.0"#,
                #"queue{l="b",job="j",\#(rest) 1.0"#,
                "# HELP wait_sum Jobs.", "# TYPE wait_sum counter", #"wait_sum{l="a",job="j",\#(rest) 1.0"#,
            ]
        )
        try await sent((1, "Other jobs.", "jobs"), 2)
        #expect(
            try await stored() == ["queue|counter|Other jobs.|jobs", "wait_sum|counter|Other jobs.|jobs"]
        )
        #expect(try await shown()[0] == "# HELP queue Other jobs.")
        // What says nothing changes nothing.
        try await sent(nil, 3)
        try await sent((0, "", ""), 4)
        #expect(
            try await stored() == ["queue|counter|Other jobs.|jobs", "wait_sum|counter|Other jobs.|jobs"]
        )
        #expect(try await shown()[0...1] == ["# HELP queue Other jobs.", "# TYPE queue counter"])
        #expect(try await shown().last == #"wait_sum{l="a",job="j",\#(rest) 4.0"#)
        // Where the type is unknown, the name says it.
        try await sent((0, "Work.", ""), 5)
        #expect(try await stored() == ["queue|gauge|Work.|∅", "wait_sum|histogram|Work.|∅"])
        #expect(
            try await shown().filter { $0.hasPrefix("#") } == [
                "# HELP queue Work.", "# TYPE queue gauge", "# HELP wait Work.", "# TYPE wait histogram",
            ]
        )
    }

    @Test func `takes type, help and unit from version 2, and counts what it does not store`() async throws {
        let weir = try WorkersHarness()
        var queue = SentSeries("queue_count", [("job", "j")], (Self.now, 4))
        queue.metadata = (2, "Jobs that wait.", "jobs")
        let message = SentSeries.message2([queue])
        #expect(try await weir.write(message, type: WorkersHarness.v2).status == 204)
        #expect(
            try await weir.rows("SELECT metric_name, metric_type, help_text, unit FROM noetl.metric") == [
                "queue_count|gauge|Jobs that wait.|jobs"
            ]
        )
        #expect(
            try await weir.get("/api/metrics/prometheus").text.hasPrefix(
                "# HELP queue_count Jobs that wait.\n# TYPE queue_count gauge\nqueue_count{"
            )
        )
        // The same series without a description, by version 1, changes none.
        let again = SentSeries("queue_count", [("job", "j")], (Self.now + 1, 5))
        let restarted = try WorkersHarness(over: weir.database)
        try await restarted.write(again)
        let rest = ProtobufWriter.message { message in
            message.field(1) { series in
                series.field(1) { label in
                    label.field(1, "__name__")
                    label.field(2, "native")
                }
                series.field(3) { $0.field(2, bits: 0) }
                series.field(4) { $0.field(15, integer: 1) }
            }
            message.field(3) { $0.field(2, "queue_count") }
        }
        let answer = try await restarted.write(rest)
        #expect(answer.status == 204)
        #expect(answer.fields["X-Prometheus-Remote-Write-Histograms-Written"] == "0")
        #expect(
            try await restarted.rows(
                "SELECT metric_type, help_text, metric_value FROM noetl.metric ORDER BY 3"
            ) == [
                "gauge|Jobs that wait.|4", "gauge|Jobs that wait.|5",
            ]
        )
        #expect(try weir.database.rows("SELECT count(*) FROM series") == ["1"])
    }

    @Test func `cuts large requests into rows of a thousand samples and an hour`() async throws {
        let weir = try WorkersHarness()
        let hour: Int64 = 3_600_000
        var many = SentSeries("many", [("job", "j")])
        many.samples = (0..<2500).map { (Int64($0), Double($0).bitPattern) }
        let wide = SentSeries("wide", [("job", "k")], (3 * hour, 3), (0, 0), (hour, 1), (hour + 1, 2))
        #expect(try await weir.write(many, wide).status == 204)
        #expect(
            try await weir.rows(
                """
                SELECT r.name, cardinality(value), extract(epoch FROM last_at - first_at)::numeric(10, 3)
                FROM sample_block b JOIN component r USING (runtime_id) ORDER BY 1, b.metric_id
                """
            ) == ["j|1000|0.999", "j|1000|0.999", "j|500|0.499", "k|2|3600.000", "k|1|0.000", "k|1|0.000"]
        )
        #expect(try weir.database.rows("SELECT sum(metric_value) FROM noetl.metric") == ["3123756"])
        #expect(try weir.database.rows("SELECT count(DISTINCT metric_id) FROM noetl.metric") == ["2504"])
    }

    @Test func `needs neither a registered component nor PostgreSQL, and the sweeper leaves it alone`()
        async throws
    {
        let weir = try WorkersHarness(adopting: .off)
        try await weir.write(SentSeries("a", [("job", "j")], (1, 1)))
        _ = try await weir.rows("SELECT 1")
        let line = weir.feature.journal
        try await line.append(
            kind: WorkersLine.Kind.sweep.rawValue,
            body: Array(#"{"before":"2100-01-01T00:00:00Z"}"#.utf8)
        )
        #expect(try await weir.rows("SELECT status FROM component") == ["ready"])
    }
}
