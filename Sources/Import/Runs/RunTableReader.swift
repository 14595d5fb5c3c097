internal import Core

/// Reads the table `agent_runs` of the original service, in both layouts and all versions, with whatever columns it
/// has. Contract runs §2.1.
///
/// Rows come in batches by rowid, so that a service that is still writing waits for one batch at most.
struct RunTableReader {
    private static let rowsPerRead: Int64 = 500

    private let columns: [RunColumn]
    private let statement: SQLiteStatement
    private let last: Int64
    private let defaults: ImportDefaults

    /// Opens the table.
    ///
    /// - Throws: `ImportFailure` when there is no such table; `SQLiteError` for a file that is damaged.
    init(_ database: SQLiteDatabase, _ defaults: ImportDefaults) throws {
        let names = try Self.columnNames(database)
        guard !names.isEmpty else {
            throw ImportFailure(
                "has no table agent_runs: it is no database of the run-tracking service (\(try Self.tables(database)))"
            )
        }
        let columns = RunColumn.all.filter { names.contains($0.name) }
        guard columns.contains(where: { $0.name == "event_id" || $0.name == "run_id" }) else {
            throw ImportFailure(
                "has a table agent_runs without event_id and run_id: it is another agent_runs"
            )
        }
        let list = columns.map(\.name).joined(separator: ", ")
        statement = try database.prepare(
            "SELECT rowid, \(list) FROM agent_runs WHERE rowid > ? ORDER BY rowid LIMIT \(Self.rowsPerRead)"
        )
        let end = try database.prepare("SELECT max(rowid) FROM agent_runs")
        if try end.step(), case .integer(let rowid) = end.value(0) { last = rowid } else { last = 0 }
        self.columns = columns
        self.defaults = defaults
    }

    /// The names of the existing tables, in a short text.
    private static func tables(_ database: SQLiteDatabase) throws -> String {
        let list = try database.prepare(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        var names: [String] = []
        while try list.step() { names.append(list.text(0) ?? "") }
        guard !names.isEmpty else { return "it has no tables" }
        let rest = names.count > 5 ? " and \(names.count - 5) more" : ""
        return "its tables: \(names.prefix(5).joined(separator: ", "))\(rest)"
    }

    private static func columnNames(_ database: SQLiteDatabase) throws -> Set<String> {
        let info = try database.prepare("PRAGMA table_info(agent_runs)")
        var names: Set<String> = []
        while try info.step() {
            if let name = info.text(1) { names.insert(name.lowercased()) }
        }
        return names
    }

    /// Reads all rows; `take` gets each run, or nil for a row without any id, and how many texts were stored as such.
    func read(
        _ take: (ImportedRun?, RunWriter) throws -> Void,
        progress: (Int64, Int64) -> Void
    ) throws {
        var position = Int64.min
        while true {
            var batch: [RunWriter] = []
            statement.bind(position, at: 1)
            while try statement.step() {
                if case .integer(let rowid) = statement.value(0) { position = rowid }
                batch.append(row())
            }
            statement.reset()
            for var row in batch {
                let run = row.finish(defaults)
                try take(run, row)
            }
            progress(max(0, position), last)
            if batch.count < Self.rowsPerRead { return }
        }
    }

    private func row() -> RunWriter {
        var row = RunWriter()
        for (index, column) in columns.enumerated() {
            let value = statement.value(Int32(index + 1))
            guard value != .null else { continue }
            switch (column.kind, value) {
            case (.object, _): row.object(column.name, statement.text(Int32(index + 1)) ?? "")
            case (.flag, .integer(let number)):
                row.raw(column.name, Array((number != 0 ? "true" : "false").utf8)[...])
            case (.integer, .integer(let number)):
                row.raw(column.name, Array(String(number).utf8)[...])
            // For any other value the server decides whether it is a number.
            default: row.text(column.name, statement.text(Int32(index + 1)) ?? "")
            }
        }
        return row
    }
}
