internal import Core

/// The kinds of lines in the original client's files. Contract runs §3.3, §3.5.
enum NDJSONRecord: Equatable {
    case run
    case event
    case unknown

    init(_ root: JSONNode) {
        let type = root["record_type"]?.string
        if type == "event" || (type == nil && root["event_type"] != nil) {
            self = .event
        } else if root["event_id"]?.string != nil || root["run_id"]?.string != nil {
            self = .run
        } else {
            self = .unknown
        }
    }
}

/// Reads files and buffers of the original client, line by line.
///
/// A run's start and its end are two records of one event id, in this order. The server takes the first, and the end
/// from the second.
struct NDJSONReader {
    /// The result of reading a line.
    enum Item {
        case run(ImportedRun, RunWriter, isEnd: Bool)
        case event
        case fault(ImportFault)
    }

    private let lines: FileLineReader
    private let defaults: ImportDefaults

    init(path: String, _ defaults: ImportDefaults) throws(ImportFailure) {
        lines = try FileLineReader(path: path)
        self.defaults = defaults
    }

    /// Reads all lines that are not blank.
    func read(
        _ take: (Item) throws -> Void,
        progress: (Int64, Int64) -> Void
    ) throws {
        while let line = try lines.next() {
            switch line {
            case .tooLong: try take(fault(.tooLong, "is longer than 16 MiB"))
            case .text(let bytes):
                if bytes.isBlank { continue }
                try take(item(bytes))
            }
            progress(lines.progress.done, lines.progress.total)
        }
    }

    /// Assumptions: the rest of sentences that begin with the file's path.
    var assumptions: [String] { lines.assumptions }

    private func item(_ bytes: [UInt8]) -> Item {
        var document = try? JSONDocument(bytes)
        let python = document == nil ? PythonJSON(bytes) : nil
        if let python { document = try? JSONDocument(python.bytes) }
        guard let document else {
            if bytes.contains(0) { return fault(.notJSON, "holds NUL bytes") }
            return fault(
                .notJSON,
                lines.wasCutShort ? "is no JSON: the file ends in the middle of it" : "is no JSON"
            )
        }
        let root = document.root
        guard root.kind == .object else { return fault(.notJSON, "is JSON, but no object") }
        switch NDJSONRecord(root) {
        case .event: return .event
        case .unknown: return fault(.noRecord, "has neither event_id nor run_id")
        case .run:
            var writer = RunWriter()
            writer.addAltered(python?.replaced ?? 0)
            for member in root.members { write(member, &writer) }
            // The client's end records are the start record with final values and no time of creation.
            let isEnd = root["created_at"]?.isNull == true
            guard let run = writer.finish(defaults) else {
                return fault(.noRecord, "has an empty event_id and no run_id")
            }
            return .run(run, writer, isEnd: isEnd)
        }
    }

    private func fault(_ reason: ImportFault.Reason, _ words: String) -> Item {
        .fault(ImportFault(reason, "line \(lines.number) \(words)"))
    }

    /// A null counts as absent, except for members in which the server refuses it.
    private func write(_ member: JSONMember, _ writer: inout RunWriter) {
        guard let name = member.key.string, !member.value.isNull else { return }
        let text = member.value.string
        if let text, name == "metrics_json" || name == "context_json" {
            writer.object(name, text)
        } else if let text {
            // In its original spelling: decoding would lose half a surrogate pair.
            writer.text(name, text, spelt: member.value.rawBytes)
        } else {
            writer.raw(name, member.value.rawBytes)
        }
    }
}
