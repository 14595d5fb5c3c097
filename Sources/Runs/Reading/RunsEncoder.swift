internal import API
internal import Core
internal import HTTP
internal import OpenTelemetry

/// Encodes responses about runs. Contract §1.7.
struct RunsEncoder: Sendable {
    let links: RepositoryLinks

    /// The format of a list.
    enum Format: String, CaseIterable {
        case json = "application/json"
        case ndjson = "application/x-ndjson"
        case csv = "text/csv"

        var contentType: String { self == .csv ? "text/csv; charset=utf-8; header=present" : rawValue }
    }

    /// One run. The header section has its trace; the body has it, too, if it `isTraced`.
    func one(_ run: RunsStore.StoredRun, _ eventID: String, isTraced: Bool) -> Response {
        var bytes: [UInt8] = []
        append(run, isTraced, to: &bytes)
        let trace = RunTrace(eventID: eventID, sent: run.sent)
        return Response.json(bytes).about(trace.context, run.sent?.state)
    }

    /// A page of a list.
    struct Page {
        let response: Response
        let rows: Int
        /// The start of the next page; nil on the last page.
        let next: RunListQuery.Cursor?
    }

    /// Writes a page of runs while `read` reads them, until the limit is reached.
    func list(
        as format: Format,
        _ limit: PageLimit,
        isTraced: Bool,
        _ read: (_ body: (RunsStore.StoredRun) throws -> Bool) throws -> Void
    ) throws -> Page {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(limit.rows << 11, 1 << 20))
        begin(format, isTraced, &bytes)
        var (rows, last, hasMore) = (0, RunsStore.StoredRun?.none, false)
        try read { run in
            hasMore = limit.isReached(rows: rows, bytes: bytes.count)
            if hasMore { return false }
            append(run, isTraced, as: format, isFirst: rows == 0, to: &bytes)
            (rows, last) = (rows + 1, run)
            return true
        }
        if format == .json { bytes.append(UInt8(ascii: "]")) }
        let response = Response(
            status: .ok,
            fields: ["Content-Type": format.contentType],
            body: .bytes(bytes)
        )
        return Page(response: response, rows: rows, next: hasMore ? last?.cursor : nil)
    }

    private func begin(_ format: Format, _ isTraced: Bool, _ bytes: inout [UInt8]) {
        switch format {
        case .json: bytes.append(UInt8(ascii: "["))
        case .ndjson: break
        case .csv:
            let names =
                ["id"] + RunField.all.map(\.name) + ["commit_url", "repo_url"]
                + (isTraced ? RunTrace.names : [])
            bytes.append(contentsOf: (names.joined(separator: ",") + "\r\n").utf8)
        }
    }

    private func append(
        _ run: RunsStore.StoredRun,
        _ isTraced: Bool,
        as format: Format,
        isFirst: Bool,
        to bytes: inout [UInt8]
    ) {
        switch format {
        case .json:
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            append(run, isTraced, to: &bytes)
        case .ndjson:
            append(run, isTraced, to: &bytes)
            bytes.append(UInt8(ascii: "\n"))
        case .csv: append(row: run, isTraced, to: &bytes)
        }
    }

    // MARK: - JSON

    /// Appends the stored record between its number and its links, with its trace behind them if it `isTraced`.
    private func append(_ run: RunsStore.StoredRun, _ isTraced: Bool, to bytes: inout [UInt8]) {
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
        guard isTraced else { return }
        var writer = JSONWriter()
        writer.object { object in
            for (name, value) in zip(RunTrace.names, run.trace.values) { object.member(name, value) }
        }
        bytes[bytes.count - 1] = UInt8(ascii: ",")
        bytes.append(contentsOf: writer.bytes.dropFirst())
    }

    private static let beginning = Array(#"{"id":"#.utf8)
    private static let withoutLinks = Array(#","commit_url":null,"repo_url":null}"#.utf8)

    // MARK: - CSV (RFC 4180)

    private func append(row run: RunsStore.StoredRun, _ isTraced: Bool, to bytes: inout [UInt8]) {
        JSONWriter.append(run.id, to: &bytes)
        if let document = try? JSONDocument(run.document, recordedDepth: 1) {
            let record = RunRecord(document)
            for field in RunField.all { Self.append(cell: record.cell(field), to: &bytes) }
        }
        Self.append(cell: links.commit(run.gitCommitHash, in: run.gitRepo) ?? "", to: &bytes)
        Self.append(cell: links.repository(run.gitRepo) ?? "", to: &bytes)
        if isTraced { for value in run.trace.values { Self.append(cell: value ?? "", to: &bytes) } }
        bytes.append(contentsOf: "\r\n".utf8)
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
    /// A value as a CSV cell: a text without quotes, nothing for null.
    fileprivate func cell(_ field: RunField) -> String {
        guard let json = self[field] else { return "" }
        return JSONText.string(json) ?? String(decoding: json, as: UTF8.self)
    }
}
