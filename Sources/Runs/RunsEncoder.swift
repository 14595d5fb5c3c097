internal import Core
internal import HTTP

/// Runs to answers. Contract §1.7.
struct RunsEncoder: Sendable {
    let links: RepositoryLinks

    /// How a list is written down.
    enum Format: String, CaseIterable {
        case json = "application/json"
        case ndjson = "application/x-ndjson"
        case csv = "text/csv"
    }

    /// One run.
    func one(_ run: RunsStore.StoredRun) -> Response {
        var bytes: [UInt8] = []
        append(run, to: &bytes)
        return .json(bytes)
    }

    /// A list of runs.
    func list(_ runs: some Collection<RunsStore.StoredRun>, as format: Format) -> Response {
        switch format {
        case .json: return .json(array(runs))
        case .ndjson: return Self.response(lines(runs), format.rawValue)
        case .csv: return Self.response(table(runs), "text/csv; charset=utf-8; header=present")
        }
    }

    private static func response(_ bytes: [UInt8], _ type: String) -> Response {
        Response(status: .ok, fields: ["Content-Type": type], body: .bytes(bytes))
    }

    // MARK: - JSON

    /// The stored record between its number and its links.
    private func append(_ run: RunsStore.StoredRun, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: Self.beginning)
        JSONWriter.append(run.id, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        bytes.append(contentsOf: run.document[1..<max(1, run.document.count - 1)])
        if run.gitRepo == nil {
            bytes.append(contentsOf: Self.withoutLinks)
        } else {
            var writer = JSONWriter()
            writer.object { object in
                object.member("commit_url", links.commit(run.gitCommitHash, in: run.gitRepo))
                object.member("repo_url", links.repository(run.gitRepo))
            }
            bytes.append(UInt8(ascii: ","))
            bytes.append(contentsOf: writer.bytes.dropFirst())
        }
    }

    private static let beginning = Array(#"{"id":"#.utf8)
    private static let withoutLinks = Array(#","commit_url":null,"repo_url":null}"#.utf8)

    private func array(_ runs: some Collection<RunsStore.StoredRun>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(runs.reduce(2) { $0 + $1.document.count + 120 })
        bytes.append(UInt8(ascii: "["))
        for (index, run) in runs.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(run, to: &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    private func lines(_ runs: some Collection<RunsStore.StoredRun>) -> [UInt8] {
        var bytes: [UInt8] = []
        for run in runs {
            append(run, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    // MARK: - CSV (RFC 4180)

    private func table(_ runs: some Collection<RunsStore.StoredRun>) -> [UInt8] {
        let names = ["id"] + RunField.all.map(\.name) + ["commit_url", "repo_url"]
        var bytes = Array((names.joined(separator: ",") + "\r\n").utf8)
        for run in runs {
            JSONWriter.append(run.id, to: &bytes)
            if let document = try? JSONDocument(run.document) {
                let record = RunRecord(document)
                for field in RunField.all { Self.append(cell: record.cell(field), to: &bytes) }
            }
            Self.append(cell: links.commit(run.gitCommitHash, in: run.gitRepo) ?? "", to: &bytes)
            Self.append(cell: links.repository(run.gitRepo) ?? "", to: &bytes)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        return bytes
    }

    private static func append(cell: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: ","))
        let special: [UInt8] = [0x22, 0x2C, 0x0A, 0x0D]
        guard cell.utf8.contains(where: special.contains) else {
            bytes.append(contentsOf: cell.utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in cell.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}

extension RunRecord {
    /// A value as a cell of a table: a text without quotes, nothing for null.
    fileprivate func cell(_ field: RunField) -> String {
        guard let json = self[field] else { return "" }
        return JSONText.string(json) ?? String(decoding: json, as: UTF8.self)
    }
}
