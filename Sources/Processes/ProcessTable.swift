package import Glibc

/// The processes of this machine at one moment, as proc(5) shows them.
package struct ProcessTable: Sendable {
    /// One process.
    package struct Entry: Sendable {
        /// Its id.
        package let process: pid_t
        /// The name of its program: the first 15 bytes, which may be blanks and parentheses, too.
        package let name: String
        /// Its parent's id.
        package let parent: pid_t
        /// The group that it belongs to.
        package let group: pid_t
        /// The session that it belongs to.
        package let session: pid_t
        /// Whether it has ended, and its parent has not read its status yet.
        package let hasEnded: Bool
        /// Its start, in clock ticks since boot: distinguishes it from a later process with the same id.
        package let start: UInt64
    }

    /// Every process, by its id.
    package let entries: [pid_t: Entry]

    /// Makes a table of nothing, or of known processes.
    package init(entries: [pid_t: Entry] = [:]) {
        self.entries = entries
    }

    /// Reads all processes that are visible to this one; another `root` than `/proc` is for tests.
    package static func read(at root: String = "/proc") -> ProcessTable {
        guard let directory = opendir(root) else { return ProcessTable(entries: [:]) }
        defer { closedir(directory) }
        var entries: [pid_t: Entry] = [:]
        while let item = readdir(directory) {
            let name = withUnsafePointer(to: &item.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let process = pid_t(name), let entry = entry(of: process, at: root) {
                entries[process] = entry
            }
        }
        return ProcessTable(entries: entries)
    }

    /// One process; nil when there is none with this id.
    package static func entry(of process: pid_t, at root: String = "/proc") -> Entry? {
        guard let bytes = ProcFile.read("\(root)/\(process)/stat"),
            let opened = bytes.firstIndex(of: UInt8(ascii: "(")),
            let name = bytes.lastIndex(of: UInt8(ascii: ")")), opened < name
        else { return nil }
        // proc(5): state, parent, group, session are 3 to 6, and the start is 22.
        let fields = String(decoding: bytes[(name + 1)...], as: UTF8.self).split(separator: " ")
        guard fields.count > 19, let parent = pid_t(fields[1]), let group = pid_t(fields[2]),
            let session = pid_t(fields[3]), let start = UInt64(fields[19])
        else { return nil }
        return Entry(
            process: process,
            name: String(decoding: bytes[(opened + 1)..<name], as: UTF8.self),
            parent: parent,
            group: group,
            session: session,
            hasEnded: fields[0] == "Z" || fields[0] == "X",
            start: start
        )
    }

    /// Whether a process is `ancestor` or one of its descendants.
    package static func isProcess(_ process: pid_t, below ancestor: pid_t) -> Bool {
        var current = process
        for _ in 0..<1000 where current > 1 {
            if current == ancestor { return true }
            guard let entry = entry(of: current) else { return false }
            current = entry.parent
        }
        return false
    }
}

/// Small files of proc(5) and of cgroups(7).
package enum ProcFile {
    /// The bytes of a file, up to a limit and a block; nil when it can't be read.
    package static func read(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while bytes.count < limit {
            let count = Glibc.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? bytes : nil }
            bytes.append(contentsOf: block[..<count])
        }
        return bytes
    }
}
