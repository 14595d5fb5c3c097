/// Files that are often beside those that Weir imports, and passed by mistake.
enum ForeignFile {
    /// Describes a file by its first bytes: the rest of a sentence that begins with its path; nil when it may be for
    /// import.
    static func recognise(_ head: [UInt8]) -> String? {
        for (magic, words) in magics where head.starts(with: magic) { return words }
        let text = String(decoding: head.prefix(64 << 10), as: UTF8.self).lowercased()
        let start = text.drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") || start.hasPrefix("<?xml") {
            return "is \(page(text)), a web page: Weir imports the trace file, which -with-trace writes"
        }
        for beginning in ["digraph", "flowchart", "graph td", "graph lr"] where start.hasPrefix(beginning) {
            return
                "is a graph of a workflow (-with-dag): Weir imports the trace file, which -with-trace writes"
        }
        if start.hasPrefix("[") && (start.dropFirst().drop { $0.isWhitespace }.hasPrefix("{")) {
            return "is one JSON array: write each of its objects on a separate line"
        }
        return nil
    }

    /// Describes a text without any line for import.
    static func recogniseText(_ head: [UInt8]) -> String? {
        let text = String(decoding: head, as: UTF8.self)
        if text.contains(" DEBUG nextflow.") || text.contains(" INFO  nextflow.") {
            return "is Nextflow's own log: Weir imports the trace file, which -with-trace writes"
        }
        let line = text.prefix { !$0.isNewline }
        if line.contains("event_id"), line.contains("agent_name"), line.contains(",") {
            return "is a table of tracked runs (CSV): export them as NDJSON, which Weir imports"
        }
        if line.contains("task_id"), line.contains("status") || line.contains("name") {
            return
                "looks like a trace file whose cells are separated by an unusual character: name it with --separator"
        }
        return nil
    }

    private static func page(_ text: String) -> String {
        if text.contains("timeline") && !text.contains("workflow report") { return "Nextflow's timeline" }
        if text.contains("workflow report") || text.contains("execution report") {
            return "Nextflow's execution report"
        }
        if text.contains("mermaid") || text.contains("cytoscape") { return "a graph of a workflow" }
        return "HTML"
    }

    private static let magics: [([UInt8], String)] = [
        (
            Array("PK\u{3}\u{4}".utf8),
            "is a spreadsheet or a ZIP archive: save its table as tab-separated text"
        ),
        (Array("%PDF".utf8), "is a PDF: Weir imports the trace file, which -with-trace writes"),
        (Array("PAR1".utf8), "is a Parquet file: export it as NDJSON or tab-separated text"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "is compressed with xz: decompress it, or compress it with gzip"),
        ([0x28, 0xB5, 0x2F, 0xFD], "is compressed with zstd: decompress it, or compress it with gzip"),
        (Array("BZh".utf8), "is compressed with bzip2: decompress it, or compress it with gzip"),
    ]
}
