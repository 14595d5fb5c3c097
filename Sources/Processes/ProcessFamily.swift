package import Glibc
internal import Synchronization

/// A command and its descendants within its session: the processes that a time limit ends. Any thread.
///
/// A process belongs to it if it is a descendant of the command, or of a member at the last look, or if it is in the
/// command's group and has the command's mark in its environment: its own parent may have ended. A process that
/// started a new session, as services do, no longer belongs to it.
package final class ProcessFamily: Sendable {
    private let group: pid_t
    private let session: pid_t
    private let mark: [UInt8]
    // Guards the members seen so far: by id, with their start times.
    private let seen: Mutex<[pid_t: UInt64]>

    /// Makes the family of a running command; `mark` is a variable of its environment, as `NAME=value`, that no other
    /// command has.
    package init(of command: pid_t, mark: [UInt8]) {
        let entry = ProcessTable.entry(of: command)
        group = entry?.group ?? getpgrp()
        session = entry?.session ?? getsid(0)
        self.mark = mark
        seen = Mutex([command: entry?.start ?? 0])
    }

    /// Sends a signal to every running member, and to processes that they start meanwhile.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package func send(_ signal: Int32) -> Int {
        var sent: Set<pid_t> = []
        // A process that gets a signal may just have started another; three rounds reach grandchildren.
        for _ in 0..<3 {
            let fresh = members().filter { !sent.contains($0) }
            if fresh.isEmpty { break }
            for process in fresh where kill(process, signal) == 0 { sent.insert(process) }
        }
        return sent.count
    }

    /// The running members, parents before their children: a shell whose child ends first goes on with its next command
    /// before its own signal comes.
    package func members() -> [pid_t] {
        let table = ProcessTable.read()
        return seen.withLock { seen in
            var members: Set<pid_t> = []
            for entry in table.entries.values where belongs(entry, table, seen) {
                members.insert(entry.process)
            }
            for process in members { seen[process] = table.entries[process]?.start }
            return members.filter { table.entries[$0]?.hasEnded == false }
                .map { (process: $0, depth: Self.depth(of: $0, table)) }
                .sorted { ($0.depth, $0.process) < ($1.depth, $1.process) }
                .map(\.process)
        }
    }

    /// How many ancestors a process has.
    private static func depth(of process: pid_t, _ table: ProcessTable) -> Int {
        var (depth, current) = (0, table.entries[process])
        while depth < 1000, let entry = current {
            depth += 1
            current = table.entries[entry.parent]
        }
        return depth
    }

    private func belongs(_ entry: ProcessTable.Entry, _ table: ProcessTable, _ seen: [pid_t: UInt64]) -> Bool
    {
        guard entry.session == session, entry.process != getpid() else { return false }
        var current = entry
        for _ in 0..<1000 {
            if seen[current.process] == current.start { return true }
            guard let parent = table.entries[current.parent] else { break }
            current = parent
        }
        return entry.group == group && carriesMark(entry.process)
    }

    private func carriesMark(_ process: pid_t) -> Bool {
        guard let variables = ProcFile.read("/proc/\(process)/environ") else { return false }
        return variables.split(separator: 0).contains { $0.elementsEqual(mark) }
    }
}
