internal import Core

/// The format of a file.
package enum ImportFormat: String, CaseIterable, Sendable {
    /// The database of the original run-tracking service.
    case sqlite
    /// Its client's event files and buffers.
    case ndjson
    /// Nextflow's `-with-trace` report.
    case trace

    /// Its name in messages, after "is".
    var words: String {
        switch self {
        case .sqlite: "a SQLite database"
        case .ndjson: "a file of runs, one JSON object a line"
        case .trace: "a trace file"
        }
    }
}

extension ImportFormat {
    /// The result of recognising a file by its beginning.
    enum Finding: Equatable {
        case format(ImportFormat)
        case empty
        /// A file that Weir recognises, but does not import: the rest of a sentence that begins with the file's path.
        case other(String)
        case unknown
    }

    /// Recognises a file by its content; its name does not matter.
    static func recognise(_ path: String, separator: UInt8? = nil) throws(ImportFailure) -> Finding {
        let head = try FileReader(path: path).read(upTo: 64 << 10)
        if head.isEmpty { return .empty }
        if head.starts(with: Array("SQLite format 3\0".utf8)) { return .format(.sqlite) }
        if let words = ForeignFile.recognise(head) { return .other(words) }
        let lines = try FileLineReader(path: path)
        var isBlank = true
        for _ in 0..<100 {
            guard let line = try lines.next() else { break }
            if case .text(let bytes) = line, bytes.isBlank { continue }
            isBlank = false
            guard case .text(let bytes) = line else { continue }
            if TraceColumns(bytes, separator: separator) != nil { return .format(.trace) }
            if let finding = record(bytes) { return finding }
        }
        if isBlank { return .empty }
        return ForeignFile.recogniseText(head).map(Finding.other) ?? .unknown
    }

    private static func record(_ bytes: [UInt8]) -> Finding? {
        let document = (try? JSONDocument(bytes)) ?? PythonJSON(bytes).flatMap { try? JSONDocument($0.bytes) }
        guard let root = document?.root, root.kind == .object else { return nil }
        if root["crc"] != nil || root["journal"] != nil {
            return .other("is a journal of Weir's: `weir replay` reads it")
        }
        return NDJSONRecord(root) == .unknown ? nil : .format(.ndjson)
    }
}
