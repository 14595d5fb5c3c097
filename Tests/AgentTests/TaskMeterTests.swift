import Core
import Foundation
import Processes
import Testing

@testable import Agent

/// Which real processes a task has.
@Suite struct `A task` {
    private let folder: Folder

    /// A copy of a symbolic link would lead nowhere.
    private static let shell = URL(filePath: "/bin/sh").resolvingSymlinksInPath().path

    init() throws { folder = try Folder() }

    /// A program of any name that sleeps, and its child.
    private func start(_ name: String) throws -> Process {
        let path = "\(folder.path)/\(name)"
        if !FileManager.default.fileExists(atPath: path) {
            try FileManager.default.copyItem(atPath: Self.shell, toPath: path)
        }
        let process = Process()
        process.executableURL = URL(filePath: path)
        // The shell waits for its child, so that there are two processes.
        process.arguments = ["-c", "sleep 1000 & wait; true", "mark-\(name)"]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func stop(_ process: Process, _ table: ProcessTable) {
        for entry in table.entries.values where entry.parent == process.processIdentifier {
            kill(entry.process, SIGKILL)
        }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Looks until the task has a number of processes; how many it has at last.
    private func count(_ meter: inout TaskMeter, expecting count: UInt64) -> UInt64 {
        let end = ContinuousClock.now + .seconds(60)
        repeat {
            meter.look(in: ProcessTable.read())
        } while meter.usage.processes != count && ContinuousClock.now < end
        return meter.usage.processes
    }

    @Test func `is found by id, by the name of a program, and by a command line`() throws {
        let name = "od d)na"
        let process = try start(name)
        let other = try start("other")
        defer { for process in [process, other] { stop(process, ProcessTable.read()) } }
        for rule: TaskSelection.Rule in [
            .pid(process.processIdentifier), .name(name), .command("mark-od d.na$"),
            .command(NSRegularExpression.escapedPattern(for: folder.path) + "/od"),
        ] {
            var meter = TaskMeter(TaskSelection(rule))
            #expect(count(&meter, expecting: 2) == 2, "\(rule)")
            #expect(meter.isActive)
            #expect(meter.usage.residentBytes > 0)
            #expect(meter.usage.peakBytes >= meter.usage.residentBytes)
        }
        var both = TaskMeter(TaskSelection(.command("mark-")))
        #expect(count(&both, expecting: 4) == 4)
    }

    @Test func `is no longer active when its processes have ended`() throws {
        let process = try start("short")
        var meter = TaskMeter(TaskSelection(.pid(process.processIdentifier)))
        #expect(count(&meter, expecting: 2) == 2)
        stop(process, ProcessTable.read())
        #expect(count(&meter, expecting: 0) == 0)
        #expect(!meter.isActive)
    }

    @Test func `may be missing`() {
        for rule: TaskSelection.Rule in [.pid(1 << 22), .name("no such program"), .cgroup("no/such/group")] {
            var meter = TaskMeter(TaskSelection(rule))
            meter.look(in: ProcessTable.read())
            #expect(!meter.isActive)
            #expect(meter.usage.cpuSeconds == 0)
        }
    }

    @Test func `is reported with eight metrics`() {
        var usage = ResourceUsage()
        usage.userSeconds = 1.25
        usage.systemSeconds = 0.25
        usage.residentBytes = 10
        usage.peakBytes = 20
        usage.readBytes = 30
        usage.writtenBytes = 40
        usage.processes = 2
        usage.threads = 3
        let metrics = TaskMetrics.metrics(of: usage, percent: 12.5, task: "name:x")
        #expect(
            metrics.map { "\($0.name) \($0.type) \($0.value) \($0.unit ?? "")" } == [
                "noetl_task_cpu_seconds_total counter 1.5 seconds",
                "noetl_task_cpu_percent gauge 12.5 percent",
                "noetl_task_memory_rss_bytes gauge 10.0 bytes",
                "noetl_task_memory_peak_bytes gauge 20.0 bytes",
                "noetl_task_io_read_bytes_total counter 30.0 bytes",
                "noetl_task_io_written_bytes_total counter 40.0 bytes",
                "noetl_task_processes gauge 2.0 processes", "noetl_task_threads gauge 3.0 threads",
            ]
        )
        #expect(metrics.allSatisfy { $0.labels == [PrometheusLabel("task", "name:x")] })
        usage.readBytes = nil
        usage.writtenBytes = nil
        #expect(TaskMetrics.metrics(of: usage, percent: 0, task: "x").count == 6)
    }
}
