import Foundation
import Testing

@testable import Metrics

@Suite struct `Process metrics` {
    @Test func `read the fields behind a command with blanks and parentheses`() throws {
        let stat = """
            4242 (weir (a) b) S 1 4242 4242 0 -1 4194560 900 0 3 0 120 35 0 0 20 0 7 0 88123 \
            262144000 5120 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0

            """
        let status = try #require(ProcessStatus(stat: Array(stat.utf8)))
        #expect(status.cpuTicks == 155)
        #expect(status.threads == 7)
        #expect(status.startTicks == 88123)
        #expect(status.virtualBytes == 262_144_000)
        #expect(status.residentPages == 5120)
    }

    @Test(arguments: ["", "1 (x", "1 (x) S 1 2 3", "1 (x) S a b c d e f g h i j k l m n o p q r s t u v"])
    func `refuse text of another shape`(stat: String) {
        #expect(ProcessStatus(stat: Array(stat.utf8)) == nil)
    }

    @Test func `find the boot time among other lines`() {
        let stat = "cpu  1 2 3\nintr 5 btime 7\nbtime 1771524362\nprocesses 3\n"
        #expect(ProcessStatus.bootTime(stat: Array(stat.utf8)) == 1_771_524_362)
        #expect(ProcessStatus.bootTime(stat: Array("cpu 1\n".utf8)) == nil)
    }

    @Test func `are all there and plausible`() throws {
        var snapshot = MetricsSnapshot()
        ProcessMetrics().collect(into: &snapshot)
        var values: [String: Double] = [:]
        for family in snapshot.families {
            guard case .number(let value)? = family.series.first?.reading else { continue }
            values[family.name] = value
        }
        #expect(
            values.keys.sorted() == [
                "process_cpu_seconds_total", "process_max_fds", "process_open_fds",
                "process_resident_memory_bytes", "process_start_time_seconds", "process_threads",
                "process_virtual_memory_bytes",
            ]
        )
        let start = try #require(values["process_start_time_seconds"])
        let now = Date().timeIntervalSince1970
        #expect(start > now - 86_400 && start < now + 5)
        let resident = try #require(values["process_resident_memory_bytes"])
        #expect(resident > 1_000_000)
        #expect(try #require(values["process_virtual_memory_bytes"]) >= resident)
        #expect(try #require(values["process_threads"]) >= 1)
        #expect(try #require(values["process_open_fds"]) >= 3)
    }

    @Test func `see a descriptor that is opened`() throws {
        func openDescriptors() -> Double? {
            var snapshot = MetricsSnapshot()
            ProcessMetrics().collect(into: &snapshot)
            let family = snapshot.families.first { $0.name == "process_open_fds" }
            guard case .number(let value)? = family?.series.first?.reading else { return nil }
            return value
        }
        let pipes = (0..<100).map { _ in Pipe() }
        let count = try #require(openDescriptors())
        #expect(count >= 200)
        withExtendedLifetime(pipes) {}
    }
}
