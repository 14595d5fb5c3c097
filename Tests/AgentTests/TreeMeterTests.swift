import Foundation
import Processes
import Testing

/// Processes as proc(5) shows them, from files of a directory.
@Suite struct `Processes of a task` {
    private let proc: Folder

    init() throws { proc = try Folder() }

    /// Writes a process; times are in ticks, memory is in pages.
    private func put(
        _ process: Int,
        parent: Int,
        name: String = "sh",
        state: String = "S",
        times: (user: Int, system: Int, childrenUser: Int, childrenSystem: Int) = (0, 0, 0, 0),
        pages: Int = 0,
        peak: Int = 0,
        io: (read: Int, written: Int)? = nil,
        start: Int = 100
    ) throws {
        let counted = "\(times.user) \(times.system) \(times.childrenUser) \(times.childrenSystem)"
        try proc.write(
            "\(process)/stat",
            "\(process) (\(name)) \(state) \(parent) 1 1 0 -1 4194560 1 0 0 0 \(counted) 20 0 3 0 \(start) 1 \(pages) 18446744073709551615"
        )
        try proc.write("\(process)/status", "Name:\t\(name)\nVmHWM:\t    \(peak) kB\nThreads:\t3\n")
        if let io {
            try proc.write(
                "\(process)/io",
                "rchar: 9\nwchar: 9\nread_bytes: \(io.read)\nwrite_bytes: \(io.written)\ncancelled_write_bytes: 0\n"
            )
        }
    }

    private var table: ProcessTable { ProcessTable.read(at: proc.path) }
    private let page = UInt64(sysconf(Int32(_SC_PAGESIZE)))

    @Test func `a name may have blanks and parentheses`() throws {
        try put(7, parent: 1, name: "a) R 2 (b c", times: (11, 12, 13, 14), pages: 5)
        let entry = try #require(table.entries[7])
        #expect(entry.name == "a) R 2 (b c")
        #expect(entry.parent == 1)
        #expect(entry.start == 100)
        let reading = try #require(ProcessReading(of: 7, at: proc.path))
        #expect(reading.userTicks == 24)
        #expect(reading.systemTicks == 26)
        #expect(reading.residentBytes == 5 * page)
        #expect(reading.threads == 3)
        #expect(reading.readBytes == nil)
    }

    @Test func `descendants count, and other processes do not`() throws {
        try put(1, parent: 0, times: (9999, 9999, 9999, 9999))
        try put(10, parent: 1, times: (100, 50, 0, 0), pages: 10, peak: 400, io: (1000, 10))
        try put(11, parent: 10, times: (200, 0, 25, 0), pages: 20, peak: 1000, io: (2000, 20))
        try put(12, parent: 11, times: (300, 0, 0, 0), pages: 30)
        try put(13, parent: 1, times: (7777, 0, 0, 0))
        var meter = TreeMeter(at: proc.path)
        let usage = meter.look([10], in: table)
        let tick = HostReading.ticksPerSecond
        #expect(usage.userSeconds == 625 / tick)
        #expect(usage.systemSeconds == 50 / tick)
        #expect(usage.residentBytes == 60 * page)
        #expect(usage.peakBytes == 1_024_000)
        #expect(usage.readBytes == 3000)
        #expect(usage.writtenBytes == 30)
        #expect(usage.processes == 3)
        #expect(usage.threads == 9)
    }

    @Test func `time counts once, whoever has it`() throws {
        try put(10, parent: 1)
        try put(11, parent: 10, times: (500, 0, 0, 0), pages: 8)
        var meter = TreeMeter(at: proc.path)
        let tick = HostReading.ticksPerSecond
        #expect(meter.look([10], in: table).userSeconds == 500 / tick)
        // It has ended, and its parent has not waited for it yet.
        try put(11, parent: 10, state: "Z", times: (600, 0, 0, 0))
        var usage = meter.look([10], in: table)
        #expect(usage.userSeconds == 600 / tick)
        #expect(usage.processes == 1)
        #expect(usage.peakBytes == 8 * page)
        // Now its time is its parent's.
        try proc.remove("11")
        try put(10, parent: 1, times: (1, 0, 600, 0))
        #expect(meter.look([10], in: table).userSeconds == 601 / tick)
        // All ended, and nobody of the task has their time: what was seen is kept.
        try proc.remove("10")
        usage = meter.look([10], in: table)
        #expect(usage.userSeconds == 601 / tick)
        #expect(usage.processes == 0)
        try put(20, parent: 1, times: (5, 0, 0, 0))
        #expect(meter.look([20], in: table).userSeconds == 606 / tick)
    }

    @Test func `a child stays a member when its parent has ended`() throws {
        try put(10, parent: 1)
        try put(11, parent: 10, times: (5, 0, 0, 0))
        var meter = TreeMeter(at: proc.path)
        _ = meter.look([10], in: table)
        try proc.remove("10")
        try put(11, parent: 1, times: (6, 0, 0, 0))
        try put(12, parent: 11, times: (7, 0, 0, 0))
        #expect(meter.look([], in: table).processes == 2)
        // Another process with its id is another one.
        try put(11, parent: 1, times: (6, 0, 0, 0), start: 500)
        try put(12, parent: 1, times: (7, 0, 0, 0), start: 501)
        #expect(meter.look([], in: table).processes == 0)
    }
}
