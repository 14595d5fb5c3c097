import Core
import FeatureTestKit
import HTTP
import Postgres
import Testing

@testable import Workers

/// The protocol of the Pushgateway.
@Suite struct `Pushed metrics` {
    private func export(_ weir: WorkersHarness, _ query: String = "") async throws -> [String] {
        try await weir.get("/api/metrics/prometheus\(query)").text.split(separator: "\n").map(String.init)
            .filter { !$0.contains("push_time_seconds") && !$0.contains("push_failure_time_seconds") }
    }

    @Test func `a push is exported with the labels of its group, and stored as samples of a broker`()
        async throws
    {
        let weir = try WorkersHarness()
        let answer = try await weir.push(
            .put,
            "/metrics/job/titan/instance/a",
            "# HELP m Some help\n# TYPE m counter\nm{job=\"other\",x=\"1\"} 3\nm{x=\"2\"} NaN\n"
        )
        #expect(answer.status == 200)
        #expect(answer.text == "")
        #expect(
            try await export(weir) == [
                "# HELP m Some help",
                "# TYPE m counter",
                #"m{x="1",job="titan",instance="a",component="titan",component_type="broker"} 3.0"#,
                #"m{x="2",job="titan",instance="a",component="titan",component_type="broker"} NaN"#,
            ]
        )
        #expect(
            try await weir.rows("SELECT component_type, name, runtime ->> 'type', status FROM component") == [
                "broker|titan|pushgateway|ready"
            ]
        )
        #expect(
            try await weir.rows(
                "SELECT metric_name, metric_type, metric_value, labels ->> 'instance' FROM noetl.metric ORDER BY 1, 3"
            ) == ["m|counter|3|a", "m|counter|NaN|a"]
        )
    }

    @Test func `a push may come in a Snappy block`() async throws {
        let weir = try WorkersHarness()
        func push(_ bytes: [UInt8]) async throws -> Int {
            try await weir.feature.send(
                .put,
                "/metrics/job/j",
                bytes: bytes,
                fields: ["Content-Encoding": "snappy"]
            ).status
        }
        #expect(try await push(Snappy.encode(Array("a 1\n".utf8))) == 200)
        #expect(try await values(weir) == ["a 1.0"])
        #expect(try await push(Array("a 2\n".utf8)) == 400)
        #expect(try await values(weir) == ["a 1.0"])
    }

    @Test func `PUT replaces a group, POST metrics of the same names, DELETE removes it`() async throws {
        let weir = try WorkersHarness()
        let group = "/metrics/job/j/k/v"
        try await weir.push(.put, group, "a 1\nb{l=\"1\"} 2\nb{l=\"2\"} 3\n")
        try await weir.push(.put, "/metrics/job/j", "c 4\n")
        #expect(try await values(weir) == ["a 1.0", "b 2.0", "b 3.0", "c 4.0"])
        try await weir.push(.post, group, "b{l=\"3\"} 5\nd 6\n")
        #expect(try await values(weir) == ["a 1.0", "b 5.0", "c 4.0", "d 6.0"])
        try await weir.push(.put, group, "d 7\n")
        #expect(try await values(weir) == ["c 4.0", "d 7.0"])
        #expect(try await weir.push(.delete, group).status == 202)
        #expect(try await weir.push(.delete, "/metrics/job/never").status == 202)
        #expect(try await values(weir) == ["c 4.0"])
        let rows = try await weir.rows(
            "SELECT g.labels, coalesce(f.metric_name, '-') FROM push_group g LEFT JOIN push_family f USING (group_key)"
        )
        #expect(rows.sorted() == [#"{"job":"j","k":"v"}|-"#, #"{"job":"j"}|c"#, #"{"job":"never"}|-"#])
    }

    private func values(_ weir: WorkersHarness, _ query: String = "") async throws -> [String] {
        try await export(weir, query).filter { !$0.hasPrefix("#") }
            .map { line in
                "\(line.prefix { $0 != "{" }) \(line.split(separator: " ").last ?? "")"
            }
    }

    @Test func `each group says when it was pushed to, and when a push was refused`() async throws {
        let weir = try WorkersHarness()
        func times() async throws -> [String: Double] {
            var times: [String: Double] = [:]
            for line in try await weir.get("/api/metrics/prometheus?component_name=j").text.split(
                separator: "\n"
            )
            where line.hasPrefix("push_") {
                times[String(line.prefix { $0 != "{" })] = line.split(separator: " ").last.flatMap {
                    Double($0)
                }
            }
            return times
        }
        let before = Timestamp.now().secondsSinceEpoch - 1
        #expect(try await weir.push(.put, "/metrics/job/j", "a 1 1234\n").status == 400)
        #expect(try await times()["push_time_seconds"] == 0)
        #expect(try await times()["push_failure_time_seconds"] ?? 0 > before)
        try await weir.push(.put, "/metrics/job/j", "a 1\n")
        #expect(try await times()["push_time_seconds"] ?? 0 > before)
        #expect(try await times()["push_failure_time_seconds"] ?? 0 > before)
        // A body that is not the format changes nothing.
        try await weir.push(.put, "/metrics/job/k", "a b c d\n")
        let text = try await weir.get("/api/metrics/prometheus").text
        #expect(!text.contains(#"job="k""#))
        #expect(
            text.contains(
                "# HELP push_time_seconds Last Unix time when changing this group in the Pushgateway succeeded."
            )
        )
        try await weir.push(.delete, "/metrics/job/j")
        #expect(try await weir.get("/api/metrics/prometheus").text == "\n")
    }

    @Test(arguments: [
        ("/metrics/job/a/l/v", #"{"job":"a","l":"v"}"#),
        ("/metrics/job/a%20b/l/%C3%B6", #"{"job":"a b","l":"ö"}"#),
        ("/metrics/job@base64/L3Zhci90bXA", #"{"job":"/var/tmp"}"#),
        ("/metrics/job@base64/L3Zhci90bXA=/l@base64/=", #"{"job":"/var/tmp","l":""}"#),
        ("/metrics/job/a/path@base64/L3Zhci90bXA", #"{"job":"a","path":"/var/tmp"}"#),
        ("/metrics/job/a/l@base64/4oK_Pj8-", #"{"job":"a","l":"₿>?>"}"#),
        ("/metrics/job/a/job/b", #"{"job":"a"}"#),
        ("/metrics/job/a/l/1/l/2", #"{"job":"a","l":"2"}"#),
    ])
    func `the path is the key of a group`(path: String, labels: String) throws {
        let group = try PushPath.group(path)
        #expect(group.labels.json.map { String(decoding: $0, as: UTF8.self) } == labels)
    }

    @Test(arguments: [
        "/metrics/job/a/l", "/metrics/job/a/1l/v", "/metrics/job/a/__l/v", "/metrics/job/a/l-l/v",
        "/metrics/job@base64/=", "/metrics/job/a/l@base64/%25%25", "/metrics/job/a/l@base64/_w",
        "/metrics/job/a/l/%00",
        "/metrics/job/a/l@base64/4oK+Pj8/",
    ])
    func `refuses a path that is no key of a group`(path: String) async throws {
        #expect(throws: PushPath.SyntaxError.self) { try PushPath.group(path) }
    }

    @Test func `refuses what contradicts itself`() async throws {
        let weir = try WorkersHarness()
        for body in [
            "a 1\na 2\n", "a{instance=\"x\"} 1\na{instance=\"y\"} 2\n", "a 1 5\n",
        ] {
            let path = body.contains("instance") ? "/metrics/job/j/instance/i" : "/metrics/job/j"
            #expect(try await weir.push(.put, path, body).status == 400)
        }
        let answer = try await weir.push(.post, "/metrics/job/j", "# TYPE a gauge\na 1\nb =\n")
        #expect(answer.status == 400)
        #expect(
            answer.text
                == #"{"detail":"text format parsing error in line 3, column 4: the value is not a number"}"#
        )
    }

    @Test func `a lifetime comes by parameter, by field or by setting`() async throws {
        let weir = try WorkersHarness(pushLifetime: .milliseconds(1))
        try await weir.push(.put, "/metrics/job/a", "a 1\n")
        try await weir.push(.put, "/metrics/job/b?lifetime=1h", "b 1\n")
        try await weir.push(.put, "/metrics/job/c", "c 1\n", ["Weir-Push-Lifetime": "0"])
        try await weir.push(.put, "/metrics/job/d?lifetime=1ms", "d 1\n", ["Weir-Push-Lifetime": "1h"])
        // A later push with a longer life keeps only what it brings.
        try await weir.push(.post, "/metrics/job/a?lifetime=1h", "e 1\n")
        #expect(try await values(weir) == ["b 1.0", "c 1.0", "e 1.0"])
        #expect(try await weir.push(.put, "/metrics/job/a?lifetime=soon", "a 1\n").status == 400)
        #expect(try await !weir.get("/api/metrics/prometheus").text.contains(#"job="d""#))
    }

    @Test func `a group that only ever failed ends with the lifetime of its pushes`() async throws {
        let weir = try WorkersHarness()
        #expect(try await weir.push(.put, "/metrics/job/f?lifetime=1ms", "a 1\na 2\n").status == 400)
        #expect(try await weir.push(.put, "/metrics/job/g?lifetime=1h", "a 1\na 2\n").status == 400)
        let text = try await weir.get("/api/metrics/prometheus").text
        #expect(!text.contains(#"job="f""#) && text.contains(#"job="g""#))
        #expect(try await weir.rows("SELECT count(*) FROM push_group WHERE expires_at IS NULL") == ["0"])
    }

    @Test(
        "a path that no row can hold, or that is ambiguous, is refused",
        arguments: [
            ("/metrics/job/\(String(repeating: "j", count: 1024))", "a 1\n", 200),
            ("/metrics/job/\(String(repeating: "j", count: 1025))", "a 1\n", 400),
            ("/metrics/job/%ff", "a 1\n", 400), ("/metrics/job/%C3%A4", "a 1\n", 200),
            (
                "/metrics/job/j",
                "# TYPE x_count counter\nx_count 1\n# TYPE x histogram\nx_count 2\nx_sum 1\nx_bucket{le=\"+Inf\"} 2\n",
                400
            ),
        ]
    )
    func bounds(path: String, body: String, status: Int) async throws {
        let weir = try WorkersHarness()
        #expect(try await weir.push(.put, path, body).status == status)
    }

    @Test func `groups and series are bounded`() async throws {
        let weir = try WorkersHarness(seriesOfComponent: 6, pushGroups: 2)
        #expect(try await weir.push(.put, "/metrics/job/a", "m{l=\"1\"} 1\nm{l=\"2\"} 1\n").status == 200)
        #expect(
            try await weir.push(.put, "/metrics/job/a", "m{l=\"3\"} 1\nm{l=\"4\"} 1\nn 1\no 1\n").status
                == 200
        )
        let refused = try await weir.push(.post, "/metrics/job/a", "p 1\n")
        #expect(refused.status == 429)
        #expect(
            refused.text
                == #"{"detail":"The job a would have too many series: push fewer, or raise WEIR_SERIES_PER_COMPONENT."}"#
        )
        #expect(try await weir.push(.put, "/metrics/job/b", "m 1\n").status == 200)
        #expect(try await weir.push(.put, "/metrics/job/c", "m 1\n").status == 429)
        #expect(try await weir.push(.delete, "/metrics/job/b").status == 202)
        #expect(try await weir.push(.put, "/metrics/job/c", "m 1\n").status == 200)
    }

    @Test func `groups survive a restart, and deleted ones do not come back`() async throws {
        let weir = try WorkersHarness()
        try await weir.push(
            .put,
            "/metrics/job/a",
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n"
        )
        try await weir.push(.put, "/metrics/job/b", "b 1\n")
        try await weir.push(.delete, "/metrics/job/b")
        _ = try await weir.rows("SELECT 1")
        let latest = LatestValues()
        let groups = PushGroups(latest: latest, limit: 10)
        try await weir.feature.pool.withConnection { connection in
            try PushStore.forEachChanged(since: "0", on: connection) { groups.merge($0) }
        }
        #expect(groups.count == 1)
        let text = String(decoding: try MetricsExport().render(latest, at: .now()), as: UTF8.self)
        #expect(
            text.hasPrefix(
                """
                # HELP h NoETL metric: h
                # TYPE h histogram
                h_bucket{le="+Inf",job="a",instance="",component="a",component_type="broker"} 2.0
                h_count{job="a",instance="",component="a",component_type="broker"} 2.0
                h_sum{job="a",instance="",component="a",component_type="broker"} 3.0
                # HELP push_failure_time_seconds
                """
            )
        )
    }
}
