import CSQLite
import Core
import Foundation

@testable import Import

/// A directory of files to import, which goes with the value.
final class Folder {
    let path = NSTemporaryDirectory() + "weir-import-test-\(UUID128.random())"

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: file(name))))
    }

    var names: Set<String> {
        Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
    }

    /// Imports a path into a server.
    func importing(
        _ path: String? = nil,
        into server: StubServer?,
        _ change: (inout ImportOptions) -> Void = { _ in }
    ) -> ImportSummary {
        var options = ImportOptions(paths: [path ?? self.path])
        change(&options)
        let importer = Importer(
            options,
            transport: server,
            progress: { _, _ in },
            wait: { server?.waits.append($0) }
        )
        return importer.run()
    }
}

/// A database that a test writes, by the C library alone.
final class WritableDatabase {
    private let handle: OpaquePointer

    struct Failure: Error {
        let message: String
    }

    init(_ path: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else { throw Failure(message: path) }
        self.handle = handle
    }

    deinit {
        sqlite3_close(handle)
    }

    @discardableResult
    func run(_ sql: String) throws -> WritableDatabase {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
            throw Failure(message: String(cString: sqlite3_errmsg(handle)))
        }
        return self
    }

    /// The table as the service makes it (contract runs §2.1), without what an import does not read.
    static let serviceTable = """
        CREATE TABLE agent_runs (
            id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, run_id TEXT NOT NULL,
            schema_version INTEGER DEFAULT 7, created_at TEXT NOT NULL, updated_at TEXT, start_time TEXT NOT NULL,
            end_time TEXT, agent_name TEXT NOT NULL, agent_owner TEXT, job_type TEXT NOT NULL,
            status TEXT NOT NULL DEFAULT 'running', items_discovered INTEGER DEFAULT 0,
            items_failed INTEGER DEFAULT 0, items_skipped INTEGER DEFAULT 0, duration_ms INTEGER DEFAULT 0,
            source_ref TEXT, error_details TEXT, git_commit_author TEXT, environment TEXT, metrics_json TEXT,
            context_json TEXT, api_posted INTEGER DEFAULT 0, api_retry_count INTEGER DEFAULT 0, parent_run_id TEXT
        );
        """

    /// The table as the library makes it: `run_id` is the key, and columns are missing.
    static let libraryTable = """
        CREATE TABLE agent_runs (
            run_id TEXT PRIMARY KEY, event_id TEXT, schema_version INTEGER, created_at TEXT, start_time TEXT NOT NULL,
            agent_name TEXT NOT NULL, job_type TEXT, status TEXT, items_failed INTEGER, metrics_json TEXT
        );
        """

    /// Adds finished runs `run-1`… of the service.
    func addRuns(_ count: Int) throws {
        try run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))
            INSERT INTO agent_runs (event_id, run_id, created_at, start_time, end_time, agent_name, job_type, status)
            SELECT 'event-' || i, 'run-' || i, '2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05+00:00',
                '2026-01-02T04:04:05+00:00', 'agent', 'job', 'success' FROM n WHERE i <= \(count)
            """
        )
    }
}
