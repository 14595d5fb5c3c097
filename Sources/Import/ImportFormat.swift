internal import Core

/// What a file holds.
package enum ImportFormat: String, CaseIterable, Sendable {
    /// The database of the original run-tracking service.
    case sqlite
    /// Its client's event files and buffers.
    case ndjson
    /// Nextflow's `-with-trace` report.
    case trace
}

extension ImportFormat {
    /// What a look at the beginning of a file told.
    enum Finding: Equatable {
        case format(ImportFormat)
        case empty
        /// The rest of a sentence that begins with the file's path.
        case other(String)
    }

    /// Recognises a file by its content; its name does not matter.
    static func recognise(_ path: String) throws(ImportFailure) -> Finding {
        let file = try FileReader(path: path)
        let head = try file.read(upTo: 16)
        if head.isEmpty { return .empty }
        if head == Array("SQLite format 3\0".utf8) { return .format(.sqlite) }
        let lines = try LineReader(path: path)
        var isBlank = true
        for _ in 0..<100 {
            guard let line = try lines.next() else { break }
            if case .text(let bytes) = line, bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            isBlank = false
            guard case .text(let bytes) = line else { continue }
            if TraceColumns.isHeader(bytes) { return .format(.trace) }
            guard let root = try? JSONDocument(bytes).root, root.kind == .object else { continue }
            if root["crc"] != nil || root["journal"] != nil {
                return .other("is a journal of Weir's: `weir replay` reads it")
            }
            if NDJSONRecord(root) != .unknown { return .format(.ndjson) }
        }
        if isBlank { return .empty }
        return .other("is no file that Weir can import: neither SQLite, nor NDJSON of runs, nor a trace file")
    }
}
