internal import Glibc
internal import Processes

/// Measures the processes of a task, from one look to the next.
///
/// Holds a regular expression, so it stays in the task that made it.
struct TaskMeter {
    private enum Source {
        case tree(TreeMeter, roots: Roots)
        case cgroup(CgroupMeter)
    }

    private enum Roots {
        /// A process and, once it was seen, its start time.
        case process(pid_t, start: UInt64?)
        case name(String)
        case command(Regex<AnyRegexOutput>)
        case none
    }

    let selection: TaskSelection
    private var source: Source
    private(set) var usage = ResourceUsage()

    init(_ selection: TaskSelection) {
        self.selection = selection
        source =
            switch selection.rule {
            case .pid(let process): .tree(TreeMeter(), roots: .process(process, start: nil))
            case .name(let name): .tree(TreeMeter(), roots: .name(name))
            case .command(let pattern):
                .tree(TreeMeter(), roots: (try? Regex(pattern)).map { .command($0) } ?? .none)
            case .cgroup(let path): .cgroup(CgroupMeter(path))
            }
    }

    /// Whether `look` needs a table of processes.
    var needsTable: Bool {
        if case .tree = source { true } else { false }
    }

    /// Whether something of it ran at the last look.
    var isActive: Bool { usage.processes > 0 }

    mutating func look(in table: ProcessTable) {
        switch source {
        case .tree(var meter, var roots):
            usage = meter.look(Self.find(&roots, table), in: table)
            source = .tree(meter, roots: roots)
        case .cgroup(var meter):
            usage = meter.look()
            source = .cgroup(meter)
        }
    }

    private static func find(_ roots: inout Roots, _ table: ProcessTable) -> [pid_t] {
        switch roots {
        case .process(let process, let known):
            guard let start = table.entries[process]?.start else { return [] }
            // Another process may have the id by now.
            if let known, known != start { return [] }
            roots = .process(process, start: start)
            return [process]
        case .name(let name):
            // The kernel keeps 15 bytes of a name.
            let short = String(decoding: name.utf8.prefix(15), as: UTF8.self)
            return others(table).filter { $0.name == short }.map(\.process)
        case .command(let pattern):
            return others(table).filter { entry in
                commandLine(of: entry.process).map { $0.firstMatch(of: pattern) != nil } ?? false
            }.map(\.process)
        case .none: return []
        }
    }

    /// All processes but this one, whose own command line has the pattern.
    private static func others(_ table: ProcessTable) -> [ProcessTable.Entry] {
        table.entries.values.filter { $0.process != getpid() }
    }

    /// The arguments with blanks between them; each ends with a NUL.
    private static func commandLine(of process: pid_t) -> String? {
        ProcFile.read("/proc/\(process)/cmdline", limit: 8192).map { bytes in
            let words = bytes.last == 0 ? bytes.dropLast() : bytes[...]
            return String(decoding: words.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        }
    }
}
