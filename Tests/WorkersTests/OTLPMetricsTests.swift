import API
import Core
import FeatureTestKit
import HTTP
import Journal
import OpenTelemetry
import Postgres
import TestKit
import Testing

@testable import Workers

/// `POST /v1/metrics`: metrics by OTLP over HTTP.
@Suite("Metrics by OTLP") struct OTLPMetricsTests {
    private static let second: UInt64 = 1_795_212_813
    private static let place = Metric.Place([Attribute("path", "/x")], start: 0, time: second * 1_000_000_000)

    private static let samples = """
        SELECT r.name, m.metric_name, m.metric_type, m.labels::text, m.metric_value,
            extract(epoch FROM m."timestamp")::int8
        FROM noetl.metric m JOIN noetl.runtime r USING (runtime_id) ORDER BY m.metric_id
        """

    private static func batch(of service: String = "shop", _ metrics: Metric...) -> MetricBatch {
        MetricBatch(resource: [Attribute("service.name", service)], scope: .init(), metrics: metrics)
    }

    private static func gauge(_ name: String, _ value: Double = 1) -> Metric {
        Metric(name, .gauge([.init(Metric.Place(time: second * 1_000_000_000), .double(value))]))
    }

    private static func sum(_ name: String, _ temporality: Metric.Temporality, isMonotonic: Bool = true)
        -> Metric
    {
        Metric(name, .sum([.init(place, .int(3))], temporality, isMonotonic: isMonotonic))
    }

    private static func post(
        _ weir: WorkersHarness,
        _ bytes: [UInt8],
        _ type: String = "application/x-protobuf"
    ) async throws -> FeatureHarness.Answer {
        try await weir.feature.send(.post, "/v1/metrics", bytes: bytes, fields: ["Content-Type": type])
    }

    private static var everyKind: [MetricBatch] {
        var scope = SpanBatch.Scope(name: "lib", version: "2")
        scope.attributes = [Attribute("k", "v")]
        let resource = [
            Attribute("service.name", "shop"), Attribute("service.namespace", "eu"),
            Attribute("service.instance.id", "i-1"), Attribute("host.name", "h"),
        ]
        var histogram = Metric.HistogramPoint(
            place,
            .init(count: 6, sum: 9.5),
            counts: [1, 2, 3],
            bounds: [0.005, 10]
        )
        histogram.exemplars = [
            .init(time: 5000, value: .double(7), traceID: TraceID(wire: "4bf92f3577b34da6a3ce929d0e0e4736"))
        ]
        return [
            MetricBatch(
                resource: resource,
                scope: scope,
                metrics: [
                    Metric(
                        "queue.length",
                        description: "Waiting.",
                        unit: "{item}",
                        .gauge([.init(place, .int(7))])
                    ),
                    Metric(
                        "http.requests",
                        unit: "1",
                        .sum([.init(place, .int(3))], .cumulative, isMonotonic: true)
                    ),
                    Metric("http.duration", unit: "s", .histogram([histogram], .cumulative)),
                    Metric("gc", .summary([.init(place, count: 2, sum: 3, quantiles: [.init(0.5, 1)])])),
                ]
            )
        ]
    }

    private static let everyRow = [
        "gc_count|2", "gc_sum|3", "gc{0.5}|1", "http_duration_seconds_bucket{+Inf}|6",
        "http_duration_seconds_bucket{0.005}|1", "http_duration_seconds_bucket{10}|3",
        "http_duration_seconds_count|6", "http_duration_seconds_sum|9.5", "http_requests_total|3",
        "queue_length|7", "target_info|1",
    ]

    @Test(arguments: ["application/x-protobuf", "application/json"])
    func `become samples with the names of Prometheus, of a component named by the service`(type: String)
        async throws
    {
        let weir = try WorkersHarness()
        let before = weir.feature.journal.durableSeq
        let isJSON = type == "application/json"
        let message = isJSON ? MetricsRequest.json(Self.everyKind) : MetricsRequest.encode(Self.everyKind)
        let answer = try await Self.post(weir, message, type)
        #expect(answer.status == 200)
        #expect(answer.text == (isJSON ? "{}" : ""))
        #expect(answer.fields["Content-Type"] == type)
        let short = """
            SELECT m.metric_name || coalesce('{' || coalesce(m.labels ->> 'le', m.labels ->> 'quantile') || '}', ''),
                m.metric_value
            FROM noetl.metric m
            """
        #expect(try await weir.rows(short).sorted() == Self.everyRow)
        let whole = try await weir.rows(
            Self.samples.replacing(
                "ORDER BY",
                with: "WHERE metric_name IN ('target_info', 'queue_length') ORDER BY"
            )
        )
        #expect(
            whole == [
                #"shop|queue_length|gauge|{"path": "/x", "otel_scope_k": "v", "otel_scope_name": "lib", "service_namespace": "eu", "otel_scope_version": "2", "service_instance_id": "i-1"}|7|1795212813"#,
                #"shop|target_info|gauge|{"host_name": "h", "service_namespace": "eu", "service_instance_id": "i-1"}|1|1795212813"#,
            ]
        )
        #expect(
            try weir.database.rows("SELECT name, component_type, runtime, status FROM component") == [
                #"shop|worker_pool|{"type": "otlp"}|ready"#
            ]
        )
        #expect(
            try weir.database.rows(
                "SELECT metric_name, metric_type, help_text, unit FROM series WHERE help_text IS NOT NULL OR unit IS NOT NULL "
                    + "ORDER BY metric_name, labels"
            ).first { $0.hasPrefix("http_duration_seconds_bucket") }
                == "http_duration_seconds_bucket|histogram|∅|seconds"
        )
        let shown = try await weir.get("/api/metrics/prometheus").text
        #expect(shown.contains("# HELP queue_length Waiting.\n"))
        #expect(shown.contains("# TYPE http_duration_seconds histogram\n"))
        // One line, with the message as it came.
        #expect(weir.feature.journal.durableSeq == before + 1)
        let reader = weir.feature.journal.reader(after: before)
        let line = try #require(try reader.next(maxLines: 10, maxBytes: 1 << 20).lines.first)
        #expect(line.kind == "otlp.metrics/1")
        let text = isJSON ? nil : try JSONDocument(Array(line.body)).root.string
        #expect((isJSON ? Array(line.body) : text.flatMap { Base64.decode($0) }) == message)
    }

    @Test func `are found by the trace of an exemplar`() async throws {
        let weir = try WorkersHarness()
        _ = try await Self.post(weir, MetricsRequest.encode(Self.everyKind))
        let found = try await weir.rows(
            "SELECT exemplars::text FROM sample_block WHERE trace_refs @> ARRAY['4bf92f3577b34da6a3ce929d0e0e4736']"
        )
        // The bucket up to 10 is the fourth sample.
        #expect(
            found == [
                #"{"4": {"value": 7.0, "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "timestamp": "1970-01-01T00:00:00.000005+00:00"}}"#
            ]
        )
    }

    @Test func `are refused when they are none, in the encoding of the request`() async throws {
        let weir = try WorkersHarness()
        let torn = try await Self.post(weir, [0xFF, 0xFF])
        #expect(torn.status == 400)
        #expect(torn.fields["Content-Type"] == "application/x-protobuf")
        #expect(torn.text.contains("no OTLP message"))
        let json = try await Self.post(weir, Array("{".utf8), "application/json")
        #expect(json.status == 400)
        #expect(try json.json["code"]?.int64 == 3)
        #expect(try await Self.post(weir, [], "text/plain").status == 415)
        #expect(try await Self.post(weir, []).status == 200)
        #expect(try await weir.rows("SELECT count(*) FROM series") == ["0"])
    }

    @Test func `are taken as far as they can be, and the answer says what was not`() async throws {
        let weir = try WorkersHarness(seriesOfComponent: 3, mostAdopted: 1)
        let broken = Metric.HistogramPoint(Self.place, .init(count: 1), counts: [1], bounds: [1])
        let labels = (0..<70).map { Attribute("l\($0)", "x") }
        let message = MetricsRequest.json([
            Self.batch(
                Self.gauge("a"),
                Self.sum("deltas", .delta),
                Self.sum("b", .cumulative, isMonotonic: false),
                Metric("empty", .gauge([.init(Self.place, nil)])),
                Metric("", .gauge([.init(Self.place, .int(1))])),
                Metric("broken", .histogram([broken], .cumulative)),
                Metric("wide", .gauge([.init(Metric.Place(labels), .int(1))])),
                Metric("h", .histogram([.init(Self.place, .init(count: 1))], .cumulative)),
                Self.gauge("c")
            ),
            Self.batch(of: "other", Self.gauge("d")),
        ])
        let answer = try await Self.post(weir, message, "application/json")
        #expect(answer.status == 200)
        let partial = try answer.json["partialSuccess"]
        #expect(partial?["rejectedDataPoints"]?.string == "8")
        let why = """
            1 data points are not cumulative: set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=cumulative, or give the \
            collector a deltatocumulative processor. 1 data points are of metrics without a name. 1 data points have no \
            value. 1 data points are histograms whose counts do not fit their bounds. 1 data points have too many labels, \
            or too long ones. 2 data points are of series that are too many for their component: see \
            WEIR_SERIES_PER_COMPONENT. 1 data points are of new services, and there are too many components: see \
            WEIR_ADOPTED_COMPONENTS.
            """
        #expect(partial?["errorMessage"]?.string == why)
        // Of the histogram nothing: it would not be whole.
        #expect(
            try await weir.rows("SELECT metric_name, metric_type FROM series ORDER BY 1") == [
                "a|gauge", "b|gauge",
            ]
        )
        #expect(try weir.database.rows("SELECT name FROM component") == ["shop"])
        // A replay, which knows no limits, makes the same of the line.
        #expect(
            try await weir.rows(Self.samples) == [
                "shop|a|gauge|∅|1|1795212813", #"shop|b|gauge|{"path": "/x"}|3|1795212813"#,
            ]
        )
    }

    /// Each hour of a time is rolled up by itself, and one that has not come is remembered until it does.
    @Test func `are not stored when their times are far from their arrival`() async throws {
        let weir = try WorkersHarness(otlpTimes: .seconds(3600), otlpValues: 1000)
        let now = UInt64(Timestamp.now().microseconds) * 1000
        let hour: UInt64 = 3_600_000_000_000
        let times = [
            0, now, now - hour / 2, now + hour / 2, now - 2 * hour, now + 2 * hour, 1, UInt64(Int64.max),
            .max,
        ]
        let points = times.enumerated().map { index, time in
            Metric.NumberPoint(Metric.Place([Attribute("i", Int64(index))], time: time), .int(1))
        }
        let message = MetricsRequest.json([Self.batch(Metric("m", .gauge(points)))])
        let answer = try await Self.post(weir, message, "application/json")
        #expect(try answer.json["partialSuccess"]?["rejectedDataPoints"]?.string == "5")
        #expect(
            try answer.json["partialSuccess"]?["errorMessage"]?.string
                == "5 data points have times too far from now: see WEIR_OTLP_MAX_AHEAD and WEIR_OTLP_MAX_BEHIND, and the clock."
        )
        #expect(
            try await weir.rows("SELECT labels->>'i' FROM series ORDER BY 1") == ["0", "1", "2", "3"]
        )
        // Each bucket is a value, and takes more memory than it has bytes.
        let counts = [UInt64](repeating: 0, count: 400)
        var wide = Metric.ExponentialPoint(Self.place, .init(count: 0), scale: 20)
        wide.positive = Metric.Buckets(counts: counts)
        let many = Self.batch(Metric("e", .exponentialHistogram([wide, wide, wide], .cumulative)))
        let refused = try await Self.post(weir, MetricsRequest.json([many]), "application/json")
        #expect(refused.status == 400)
        #expect(
            try refused.json["message"]?.string
                == "the request has more than 1000 values: send smaller batches"
        )
    }

    @Test func `are refused as a whole when they would become too many samples`() throws {
        let counts = [UInt64](repeating: 1, count: 9)
        let point = Metric.HistogramPoint(
            Self.place,
            .init(count: 9, sum: 1),
            counts: counts,
            bounds: (1...8).map(Double.init)
        )
        let batch = Self.batch(Metric("h", .histogram([point], .cumulative)))
        #expect(throws: OTLPError.tooMany("samples", limit: 10)) {
            _ = try MetricSamples.received([batch], arrivedAt: .epoch, atMost: 10)
        }
        #expect(try MetricSamples.received([batch], arrivedAt: .epoch, atMost: 11).sampleCount == 11)
    }

    @Test func `of two Weirs may meet in any order`() throws {
        let messages = [
            MetricsRequest.encode(Self.everyKind), MetricsRequest.encode([Self.batch(Self.gauge("a", 2))]),
            MetricsRequest.encode([
                Self.batch(Self.gauge("a", 3)), Self.batch(of: "web", Self.gauge("b")),
            ]),
        ]
        let ids = Snowflake(node: 0)
        let lines = try messages.enumerated().map { index, message in
            let at = Timestamp(microseconds: Int64(Self.second) * 1_000_000).adding(seconds: index)
            let read = try MetricSamples.received(MetricsRequest.decode(protobuf: message), arrivedAt: at)
            let owners = read.parts.map {
                Component(key: $0.component, id: Int64($0.component.name.utf8.count))
            }
            return JournalLine(
                seq: Int64(index + 1),
                at: at,
                kind: "otlp.metrics/1",
                members: OTLPLine.members(read, owners, dropped: [], ids),
                body: OTLPEncoding.protobuf.line(message)
            )
        }
        let journal = UUID128.random()
        let database = try TemporaryDatabase.withSchema()
        let found = try [[0, 1, 2], [2, 1, 0], [1, 2, 0]].map { order in
            try Connection.withTemporary(database.target) { connection in
                _ = try connection.execute(
                    Statement(
                        "of a test",
                        "TRUNCATE component, series, sample_block, sample_count, rollup_due CASCADE"
                    ),
                    []
                )
                for index in order {
                    let projection = WorkersProjection()
                    var elements = try projection.decode(lines[index], journal: journal)
                    try projection.prepare(elements, on: connection)
                    try projection.apply(stage: 0, to: &elements, on: connection)
                }
            }
            return try database.rows(
                """
                SELECT b.received_at, c.name, b.metric_id, b.first_at, b.value,
                    (SELECT array_agg(s.series_key ORDER BY e.place) FROM unnest(b.series) WITH ORDINALITY AS e (n, place)
                     JOIN series s ON s.series_id = e.n)
                FROM sample_block b JOIN component c USING (runtime_id) ORDER BY b.metric_id
                """
            )
        }
        #expect(found[0].count == 4)
        #expect(Set(found).count == 1)
    }
}

/// What metrics become, without a server.
@Suite("A metric of OTLP") struct OTLPMetricTests {
    @Test(
        "has the name that Prometheus gives it",
        arguments: [
            ("http.server.duration", "s", "gauge", "http_server_duration_seconds"),
            ("http.server.duration", "ms", "histogram", "http_server_duration_milliseconds"),
            ("requests", "", "counter", "requests_total"),
            ("requests_total", "", "counter", "requests_total"),
            ("total", "", "counter", "total"),
            ("requests.total.count", "1", "counter", "requests_total_count_total"),
            ("disk.io", "By", "counter", "disk_io_bytes_total"),
            ("disk.io.bytes.total", "By", "counter", "disk_io_bytes_total"),
            ("disk.io.bytes", "By", "sum", "disk_io_bytes"),
            ("net.speed", "By/s", "gauge", "net_speed_bytes_per_second"),
            ("errors", "{error}/min", "gauge", "errors_per_minute"),
            ("cpu.utilization", "1", "gauge", "cpu_utilization_ratio"),
            ("cpu.utilization", "1", "sum", "cpu_utilization"),
            ("queue", "{item}", "gauge", "queue"),
            ("load", "%", "gauge", "load_percent"),
            ("odd", "fortnight", "gauge", "odd_fortnight"),
            ("a--b..c__d", "", "gauge", "a_b_c_d"),
            ("2nd.try", "", "gauge", "_2nd_try"),
            ("job:rate", "", "gauge", "job:rate"),
            ("größe", "", "gauge", "gr_e"),
            ("...", "", "gauge", ""),
        ]
    )
    func naming(_ name: String, _ unit: String, _ kind: String, _ expected: String) {
        let data: Metric.Content =
            switch kind {
            case "counter": .sum([], .cumulative, isMonotonic: true)
            case "sum": .sum([], .cumulative, isMonotonic: false)
            case "histogram": .histogram([], .cumulative)
            default: .gauge([])
            }
        #expect(PrometheusName.metric(Metric(name, unit: unit, data)) == expected)
    }

    @Test(
        "has attributes as labels",
        arguments: [
            ([Attribute("http.method", "GET")], "http_method=GET"),
            ([Attribute("a.b", "2"), Attribute("a_b", "3"), Attribute("a-b", "1")], "a_b=1;2;3"),
            ([Attribute("k", "old"), Attribute("k", "new")], "k=new"),
            ([Attribute("none", .string("")), Attribute("empty", .empty), Attribute("", "x")], ""),
            ([Attribute("2x", .bool(true)), Attribute("__name__", .int(5))], "_2x=true _name_=5"),
            (
                [
                    Attribute("d", .double(1)), Attribute("e", .double(0.25)),
                    Attribute("f", .double(-Double.infinity)),
                ],
                "d=1 e=0.25 f=-Inf"
            ),
            ([Attribute("b", .bytes([1, 2, 255]))], "b=AQL/"),
            (
                [Attribute("l", .array([.int(1), .string("x"), .double(Double.nan), .empty]))],
                #"l=[1,"x","NaN",null]"#
            ),
            ([Attribute("m", .map([Attribute("k", .bool(false))]))], #"m={"k":false}"#),
        ] as [([Attribute], String)]
    )
    func labels(_ attributes: [Attribute], _ expected: String) {
        let labels = AttributeLabels.labels(attributes).sorted { $0.0 < $1.0 }
        #expect(labels.map { "\($0.0)=\($0.1)" }.joined(separator: " ") == expected)
    }

    private static func shown(_ point: some MetricPoint) -> [String] {
        point.lines(.histogram).map { line in
            let value = line.value.isStaleMarker ? "stale" : AttributeLabels.number(line.value)
            return "\(line.suffix)\(line.bound.map { "{\($0.value)}" } ?? "") \(value)"
        }
    }

    private static func exponential(
        scale: Int32,
        positive: Metric.Buckets?,
        negative: Metric.Buckets? = nil,
        zeros: UInt64 = 0,
        threshold: Double = 0
    ) -> Metric.ExponentialPoint {
        var point = Metric.ExponentialPoint(Metric.Place(), .init(count: 10, sum: 5), scale: scale)
        (point.positive, point.negative) = (positive, negative)
        (point.zeroCount, point.zeroThreshold) = (zeros, threshold)
        return point
    }

    @Test(
        "is a histogram with fixed bounds when it was an exponential one",
        arguments: [
            (
                exponential(scale: 0, positive: .init(offset: 0, counts: [1, 0, 2]), zeros: 3),
                ["{0} 3", "{2} 4", "{4} 4", "{8} 6"]
            ),
            // Eight buckets from 1 to 2 become four.
            (
                exponential(scale: 3, positive: .init(offset: -1, counts: [1, 2, 3, 4])),
                ["{0} 0", "{1} 1", "{1.189207115002721} 6", "{1.4142135623730951} 10"]
            ),
            (
                exponential(
                    scale: -1,
                    positive: .init(offset: 1, counts: [1]),
                    negative: .init(offset: 0, counts: [2, 5])
                ),
                ["{-4} 5", "{-1} 7", "{0} 7", "{16} 8"]
            ),
            (
                exponential(scale: 0, positive: .init(offset: 3, counts: [1]), zeros: 1, threshold: 0.5),
                ["{0.5} 1", "{16} 2"]
            ),
            (exponential(scale: 0, positive: .init(offset: 1100, counts: [1, 1])), ["{0} 0"]),
            (
                exponential(
                    scale: -10,
                    positive: .init(offset: .max, counts: [1]),
                    negative: .init(offset: .min, counts: [1])
                ),
                ["{0} 1"]
            ),
            (exponential(scale: 0, positive: nil), ["{0} 0"]),
        ]
    )
    private func exponentials(_ point: Metric.ExponentialPoint, _ buckets: [String]) {
        #expect(point.fault == nil)
        let expected = buckets.map { "_bucket\($0)" } + ["_bucket{+Inf} 10", "_sum 5", "_count 10"]
        #expect(Self.shown(point) == expected)
    }

    @Test func `ends with the marker of Prometheus`() {
        var place = Metric.Place()
        place.flags = 1
        #expect(Self.shown(Metric.NumberPoint(place, nil)) == [" stale"])
        #expect(Metric.NumberPoint(place, nil).fault == nil)
        let histogram = Metric.HistogramPoint(place, .init(count: 0, sum: 0), counts: [0, 0], bounds: [1])
        #expect(
            Self.shown(histogram) == [
                "_bucket{1} stale", "_bucket{+Inf} stale", "_sum stale", "_count stale",
            ]
        )
    }

    @Test func `without a time has that of its arrival, and without a service its name`() throws {
        let batch = MetricBatch(
            resource: [],
            scope: .init(),
            metrics: [Metric("x", .gauge([.init(Metric.Place(), .double(.infinity))]))]
        )
        let at = Timestamp(microseconds: 77)
        let read = try MetricSamples.received([batch], arrivedAt: at)
        #expect(read.parts.map(\.component.name) == ["unknown_service"])
        #expect(read.parts[0].samples.map(\.at) == [at])
    }
}
