internal import Core

/// The columns of a trace file, which users choose. Contract nextflow §4.4.
struct TraceColumns {
    /// How a column is read.
    enum Kind {
        case text
        /// A number where it is one, a text otherwise: `native_id`.
        case textOrNumber
        case number
        case bytes
        case duration
        case time
        case percent
        case exit
    }

    let names: [String]
    /// The separator between two cells.
    let separator: UInt8
    /// The columns of the task's number and its hash.
    let taskID: Int?
    let hash: Int?
    /// The first column whose cells may have line feeds.
    let firstFree: Int

    /// Reads a header line; nil for any other line. Without a given separator, the one with which the line is a header
    /// is used.
    init?(_ line: [UInt8], separator: UInt8? = nil) {
        guard line.count < 4096 else { return nil }
        for candidate in separator.map({ [$0] }) ?? TraceSeparator.guessed {
            let names = TraceCells.split(line[...], candidate).map(\.trimmingBlanks)
            let known = names.count { Self.kinds[$0] != nil }
            guard names.count > 1, known >= 2, known * 2 > names.count else { continue }
            self.names = names
            self.separator = candidate
            taskID = names.firstIndex(of: "task_id")
            hash = names.firstIndex(of: "hash")
            firstFree = names.firstIndex(where: Self.mayHaveLineFeeds) ?? names.count
            return
        }
        return nil
    }

    /// A name that occurs more than once.
    var repeatedName: String? {
        var seen: Set<String> = []
        return names.first { !seen.insert($0).inserted }
    }

    /// How a column is read; nil for one that Nextflow does not have.
    static func kind(of name: String) -> Kind? { kinds[name] }

    /// Nextflow writes texts as they are, and does not escape line feeds and separators in them.
    static func mayHaveLineFeeds(_ name: String) -> Bool { free.contains(name) || kinds[name] == nil }

    /// Whether cells of a column are whole scripts.
    static func mayBeScript(_ name: String) -> Bool { name == "script" || name == "env" }

    /// The columns that may hold separators, the likeliest first.
    static let free = [
        "script", "env", "name", "tag", "process", "container", "workdir", "module", "queue",
    ]

    private static let kinds: [String: Kind] = [
        "task_id": .number, "hash": .text, "native_id": .textOrNumber, "process": .text, "tag": .text,
        "name": .text, "status": .text, "exit": .exit, "module": .text, "container": .text, "cpus": .number,
        "time": .duration, "disk": .bytes, "memory": .bytes, "attempt": .number, "submit": .time,
        "start": .time, "complete": .time, "duration": .duration, "realtime": .duration, "%cpu": .percent,
        "%mem": .percent, "rss": .bytes, "vmem": .bytes, "peak_rss": .bytes, "peak_vmem": .bytes,
        "rchar": .bytes, "wchar": .bytes, "syscr": .number, "syscw": .number, "read_bytes": .bytes,
        "write_bytes": .bytes, "vol_ctxt": .number, "inv_ctxt": .number, "env": .text, "workdir": .text,
        "script": .text, "scratch": .text, "queue": .text, "hostname": .text, "cpu_model": .text,
        "error_action": .text, "accelerator": .number, "accelerator_type": .text,
    ]
}

/// The separators of cells in a trace file: Nextflow's `trace.sep`.
package enum TraceSeparator {
    /// The separators to try with a header.
    static let guessed: [UInt8] = [0x09, 0x2C, 0x3B, 0x7C]

    /// Reads `tab`, `comma`, `semicolon`, `pipe`, or a single ASCII character that no value contains.
    package static func byte(_ text: String) -> UInt8? {
        switch text {
        case "tab", "\\t": return 0x09
        case "comma": return 0x2C
        case "semicolon": return 0x3B
        case "pipe": return 0x7C
        default:
            guard text.utf8.count == 1, let byte = text.utf8.first,
                byte == 0x09 || (0x21...0x7E).contains(byte)
            else { return nil }
            let isPartOfValues =
                "\"%+-./:_()".utf8.contains(byte) || UnicodeScalar(byte).properties.isAlphabetic
            return isPartOfValues || (0x30...0x39).contains(byte) ? nil : byte
        }
    }

    /// Its plural in messages.
    static func words(_ byte: UInt8) -> String {
        switch byte {
        case 0x09: "tabs"
        case 0x2C: "commas"
        case 0x3B: "semicolons"
        case 0x7C: "pipes"
        default: "\"\(UnicodeScalar(byte))\""
        }
    }
}

extension String {
    var trimmingBlanks: String {
        let isBlank = { (byte: UInt8) in byte == 0x20 }
        let front = utf8.drop(while: isBlank)
        guard let last = front.lastIndex(where: { !isBlank($0) }) else { return "" }
        return String(self[front.startIndex...last])
    }
}
