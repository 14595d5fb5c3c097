import Core
import Processes
import TestKit
import Testing

@testable import Agent

/// The protocol's bodies and the eight metrics of a pool. Contract noetl §4.1, §5.3.
@Suite struct `A pool's metrics` {
    private static func reading(cpu: String, ticks: Int) throws -> HostReading {
        let process = "7 (a) b) R 1 7 7 0 -1 0 0 0 0 0 \(ticks) 0 0 0 20 0 1 0 12345 0 0"
        return try #require(
            HostReading(
                stat: "cpu  \(cpu)\nbtime 1700000000\n",
                memory: "MemTotal: 1000 kB\nMemFree: 100 kB\nMemAvailable: 750 kB\n",
                process: process,
                pages: "20 10 0"
            )
        )
    }

    @Test func `are eight, in the protocol's order, over the whole interval`() throws {
        let before = try Self.reading(cpu: "100 0 0 900 0 0 0 0 0 0", ticks: 0)
        let after = try Self.reading(cpu: "130 0 20 950 0 0 0 0 0 0", ticks: 0)
        var metrics = PoolMetrics(maxWorkers: 4, since: before)
        let measured = metrics.measure(activeTasks: 2, queueSize: 7, reading: after)
        #expect(
            measured.map(\.name) == [
                "noetl_system_cpu_usage_percent", "noetl_system_memory_usage_bytes",
                "noetl_system_memory_usage_percent", "noetl_process_cpu_percent",
                "noetl_process_memory_rss_bytes", "noetl_worker_active_tasks", "noetl_worker_max_workers",
                "noetl_worker_queue_size",
            ]
        )
        #expect(measured.map(\.value) == [50, 256_000, 25, 0, 40960, 2, 4, 7])
        #expect(
            measured.map(\.unit) == [
                "percent", "bytes", "percent", "percent", "bytes", "tasks", "workers", "jobs",
            ]
        )
        #expect(
            measured.map(\.help) == [
                "CPU usage percentage", "Memory usage in bytes", "Memory usage percentage",
                "Process CPU usage percentage", "Process RSS memory in bytes",
                "Number of active worker tasks",
                "Maximum configured workers", "Current queue size",
            ]
        )
        // The next interval begins where this one ended.
        #expect(metrics.measure(activeTasks: 0, queueSize: 0, reading: after)[0].value == 0)
    }

    @Test func `go out with three labels, and each with its time`() {
        let configuration = AgentConfiguration(pool: "pool-1", workerID: "w", host: "node-1")
        let encoder = ReportEncoder(configuration: configuration)
        let metrics: [AgentMetric] = [
            .gauge("a", 1.5, "percent", "Help"),
            AgentMetric(
                name: "b",
                type: .untyped,
                value: .infinity,
                labels: [PrometheusLabel("hostname", "other"), PrometheusLabel("x", "\"")],
                time: Timestamp(microseconds: 1_000_000)
            ),
        ]
        let body = encoder.report(metrics, at: .epoch)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"component_name":"pool-1","component_type":"worker_pool","metrics":["#
                + #"{"metric_name":"a","metric_type":"gauge","metric_value":1.5,"#
                + #""timestamp":"1970-01-01T00:00:00.000000+00:00","#
                + #""labels":{"component":"pool-1","worker_id":"w","hostname":"node-1"},"#
                + #""help_text":"Help","unit":"percent"},"#
                + #"{"metric_name":"b","metric_type":"gauge","metric_value":"inf","#
                + #""timestamp":"1970-01-01T00:00:01.000000+00:00","#
                + #""labels":{"component":"pool-1","worker_id":"w","hostname":"other","x":"\""},"#
                + #""help_text":null,"unit":null}]}"#
        )
    }

    @Test func `register as a worker does`() {
        var configuration = AgentConfiguration(pool: "pool-1", workerID: "w", host: "node-1")
        configuration.capacity = 4
        func registration() -> String {
            let bytes = ReportEncoder(configuration: configuration).registration(process: 895)
            return String(decoding: bytes, as: UTF8.self)
        }
        #expect(
            registration()
                == #"{"name":"pool-1","runtime":"cpu","uri":"local://node-1","status":"ready","capacity":4,"#
                + #""labels":null,"pid":895,"hostname":"node-1"}"#
        )
        configuration.labels = ["zone-a", "ssd"]
        configuration.namespace = "jobs"
        #expect(registration().contains(#""uri":"k8s://jobs/node-1""#))
        #expect(registration().contains(#""labels":["zone-a","ssd"]"#))
    }
}
