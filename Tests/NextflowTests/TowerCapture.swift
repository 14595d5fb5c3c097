import Core
import Foundation
import Journal

@testable import Nextflow

/// What a real Nextflow sent to its servers, request by request.
struct TowerCapture {
    /// A request that was recorded.
    struct Recorded {
        let path: String
        let workspaceID: Int64?
        let at: Timestamp
        let body: [UInt8]
    }

    let requests: [Recorded]

    /// Reads the session of a client: `26.04.6_retry`.
    init(_ name: String) throws {
        requests = try Fixture.lines("tower/\(name).ndjson").map { line in
            let root = try JSONDocument(text: line).root
            return Recorded(
                path: root["path"]?.string ?? "",
                workspaceID: root["query"]?.string.flatMap { Int64($0.dropFirst("workspaceId=".count)) },
                at: Timestamp(microseconds: Int64((root["at"]?.double ?? 0) * 1e6)),
                body: root["body"].map { Array($0.rawBytes) } ?? []
            )
        }
    }

    /// Every recorded session.
    static let names: [String] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/tower")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.map { $0.replacing(".ndjson", with: "") }.sorted()
    }()

    /// The lines that a Weir would have written for Tower's calls.
    func towerLines() -> [JournalLine] {
        lines { request in
            let parts = request.path.split(separator: "/").map(String.init)
            guard parts.first == "trace", let call = parts.last.flatMap(TowerCall.init) else { return nil }
            let read = TowerBody(request.body)
            let line = TowerLine(
                call: call,
                workflowID: workflowID ?? parts[1],
                workspaceID: request.workspaceID,
                body: read.body,
                text: read.text
            )
            return (TowerLine.kind, line.bytes)
        }
    }

    /// The lines of the weblog's events.
    func weblogLines() throws -> [JournalLine] {
        try lines { request in
            guard request.path == "/telemetry" else { return nil }
            return (NextflowProjection.kind, try NextflowDecoder.clean(request.body))
        }
    }

    /// The id that Weir gives the run; the recording has the one of the server that was there.
    var workflowID: String? {
        requests.first { $0.path.hasSuffix("/create") }.flatMap { TowerBody($0.body).workflowID }
    }

    private func lines(_ line: (Recorded) throws -> (kind: String, body: [UInt8])?) rethrows -> [JournalLine]
    {
        try requests.enumerated().compactMap { index, request in
            try line(request).map {
                JournalLine(seq: Int64(index + 1), at: request.at, kind: $0.kind, body: $0.body)
            }
        }
    }
}
