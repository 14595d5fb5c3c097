import Processes
import Testing

@testable import Agent

/// Control groups of both versions, from files of a directory.
@Suite struct `Control groups` {
    @Test func `of version 2`() throws {
        let root = try Folder([
            "cgroup.controllers": "cpu io memory pids\n",
            "jobs/a/cpu.stat": "usage_usec 3500000\nuser_usec 3000000\nsystem_usec 500000\nnr_periods 0\n",
            "jobs/a/memory.stat": "anon 4096\nfile 8192\n",
            "jobs/a/memory.peak": "20480\n",
            "jobs/a/io.stat":
                "8:0 rbytes=100 wbytes=7 rios=1 wios=1\n8:16 rbytes=23 wbytes=1 rios=1 wios=1\n",
            "jobs/a/pids.current": "5\n",
            "jobs/a/cgroup.procs": "1\n2\n",
            "jobs/a/inner/cgroup.procs": "3\n",
        ])
        for path in ["jobs/a", "/jobs/a/", "\(root.path)/jobs/a"] {
            var meter = CgroupMeter(path, at: root.path)
            let usage = meter.look()
            #expect(usage.userSeconds == 3)
            #expect(usage.systemSeconds == 0.5)
            #expect(usage.residentBytes == 4096)
            #expect(usage.peakBytes == 20480)
            #expect(usage.readBytes == 123)
            #expect(usage.writtenBytes == 8)
            #expect(usage.processes == 3)
            #expect(usage.threads == 5)
        }
    }

    @Test func `of version 1 counts no time twice when the ticks of the kernel jump`() throws {
        let root = try Folder([
            "cpuacct/a/cpuacct.usage": "0\n", "cpuacct/a/cpuacct.stat": "user 0\nsystem 0\n",
        ])
        var meter = CgroupMeter("a", at: root.path)
        var usage = meter.look()
        // 3 ms in the kernel a look, which a tick of 10 ms shows at every third or fourth.
        for look in 1...100 {
            try root.write("cpuacct/a/cpuacct.usage", "\(look * 3_000_000)\n")
            try root.write("cpuacct/a/cpuacct.stat", "user 0\nsystem \(look * 3 / 10)\n")
            usage = meter.look()
        }
        #expect(usage.cpuSeconds == 0.3)
        #expect(usage.systemSeconds == 0.3)
    }

    @Test func `of version 1`() throws {
        let ticks = Int(HostReading.ticksPerSecond)
        let root = try Folder([
            "cpu,cpuacct/jobs/a/cpuacct.usage": "3500000000\n",
            "cpu,cpuacct/jobs/a/cpuacct.stat": "user \(3 * ticks)\nsystem \(ticks)\n",
            "cpu,cpuacct/jobs/a/cgroup.procs": "1\n2\n",
            "memory/jobs/a/memory.stat": "rss 1\ntotal_rss 4096\n",
            "memory/jobs/a/memory.max_usage_in_bytes": "20480\n",
            "blkio/jobs/a/blkio.throttle.io_service_bytes":
                "8:0 Read 100\n8:0 Write 7\n8:0 Total 107\n8:16 Read 23\n8:16 Write 1\nTotal 131\n",
            "pids/jobs/a/pids.current": "5\n",
        ])
        for path in ["jobs/a", "\(root.path)/memory/jobs/a"] {
            var meter = CgroupMeter(path, at: root.path)
            let usage = meter.look()
            #expect(usage.cpuSeconds == 3.5)
            #expect(usage.systemSeconds == 1)
            #expect(usage.residentBytes == 4096)
            #expect(usage.peakBytes == 20480)
            #expect(usage.readBytes == 123)
            #expect(usage.writtenBytes == 8)
            #expect(usage.processes == 2)
            #expect(usage.threads == 5)
        }
    }

    @Test func `that go and come again go on counting`() throws {
        let root = try Folder([
            "cgroup.controllers": "", "a/cpu.stat": "user_usec 2000000\nsystem_usec 0\n",
            "a/cgroup.procs": "1\n",
        ])
        var meter = CgroupMeter("a", at: root.path)
        #expect(meter.look().processes == 1)
        try root.remove("a")
        #expect(meter.look().processes == 0)
        #expect(meter.look().cpuSeconds == 2)
        try root.write("a/cpu.stat", "user_usec 1000000\nsystem_usec 0\n")
        #expect(meter.look().cpuSeconds == 3)
    }
}
