package import Glibc

/// Measures processes and their descendants, from one look to the next.
///
/// A descendant stays a member when its parent ends before it. A process that starts, forks and ends between two looks
/// is counted only if a member waits for it, as programs usually do.
package struct TreeMeter: Sendable {
    private let root: String
    /// The members at the last look, by id, with their start times: ids are used again.
    private var seen: [pid_t: UInt64] = [:]
    private var user = RisingSum()
    private var system = RisingSum()
    private var read = RisingSum()
    private var written = RisingSum()
    private var usage = ResourceUsage()

    /// Makes a meter; another `root` than `/proc` is for tests.
    package init(at root: String = "/proc") {
        self.root = root
    }

    /// What was found at the last look.
    package var latest: ResourceUsage { usage }

    /// Looks at the members of `table`: those of `roots`, their descendants, and those of the last look that still run.
    package mutating func look(_ roots: [pid_t], in table: ProcessTable) -> ResourceUsage {
        let (members, readings) = read(members(roots, table), table)
        seen = [:]
        for process in members { seen[process] = table.entries[process]?.start }
        func sum(_ value: (ProcessReading) -> UInt64?) -> UInt64 {
            readings.reduce(0) { $0 + (value($1) ?? 0) }
        }
        usage.userSeconds = Self.seconds(user.take(sum(\.userTicks)))
        usage.systemSeconds = Self.seconds(system.take(sum(\.systemTicks)))
        usage.residentBytes = sum(\.residentBytes)
        let largest = readings.compactMap(\.peakBytes).max() ?? 0
        usage.peakBytes = max(usage.peakBytes, usage.residentBytes, largest)
        if usage.readBytes != nil || readings.contains(where: { $0.readBytes != nil }) {
            usage.readBytes = read.take(sum(\.readBytes))
            usage.writtenBytes = written.take(sum(\.writtenBytes))
        }
        // One that has ended counts until its parent takes over what it used.
        let running = zip(members, readings).filter { table.entries[$0.0]?.hasEnded == false }
        usage.processes = UInt64(running.count)
        usage.threads = running.reduce(0) { $0 + $1.1.threads }
        return usage
    }

    /// Reads the members. If one of them ends meanwhile, its parent may have taken over its counters already: all are
    /// read again then, so that nothing counts twice.
    private func read(_ members: [pid_t], _ table: ProcessTable) -> ([pid_t], [ProcessReading]) {
        var members = members
        var readings: [ProcessReading] = []
        for _ in 0..<4 {
            let pairs = members.compactMap { process in
                ProcessReading(of: process, at: root).map { (process, $0) }
            }
            let left = pairs.filter { process, _ in
                ProcessTable.entry(of: process, at: root)?.start == table.entries[process]?.start
            }
            let isWhole = left.count == members.count
            members = left.map(\.0)
            readings = left.map(\.1)
            if isWhole { break }
        }
        return (members, readings)
    }

    private func members(_ roots: [pid_t], _ table: ProcessTable) -> [pid_t] {
        var verdicts: [pid_t: Bool] = [:]
        for process in roots where table.entries[process] != nil { verdicts[process] = true }
        for (process, start) in seen where table.entries[process]?.start == start { verdicts[process] = true }
        for process in table.entries.keys { _ = Self.judge(process, table, &verdicts) }
        return table.entries.values.filter { verdicts[$0.process] == true }.map(\.process)
    }

    /// Whether a process has a member among its ancestors.
    private static func judge(_ process: pid_t, _ table: ProcessTable, _ verdicts: inout [pid_t: Bool])
        -> Bool
    {
        var path: [pid_t] = []
        var current = process
        var verdict = false
        while true {
            if let known = verdicts[current] {
                verdict = known
                break
            }
            // A table is not read at one moment: a loop is possible where ids were used again.
            verdicts[current] = false
            path.append(current)
            guard let entry = table.entries[current], entry.parent > 0 else { break }
            current = entry.parent
        }
        for process in path { verdicts[process] = verdict }
        return verdict
    }

    private static func seconds(_ ticks: UInt64) -> Double { Double(ticks) / HostReading.ticksPerSecond }
}
