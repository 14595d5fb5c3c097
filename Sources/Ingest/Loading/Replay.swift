internal import Core
package import Journal
package import Postgres

/// Rebuilds the rows of journals: every line, in order of arrival, through the projections that the loaders use, with
/// positions from which `weir serve` continues. Design §1 "Replay".
package struct Replay: Sendable {
    /// The progress of a replay.
    package struct Progress: Sendable {
        /// Lines read so far.
        package var lines: Int64 = 0
        /// All lines, according to their numbers; retention may have removed the first.
        package var linesTotal: Int64 = 0
        /// Elements that became dead letters.
        package var deadLetters = 0
        /// Damaged parts of journals.
        package var damage: [DamageReport] = []
    }

    /// Why a replay cannot begin.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The database already has telemetry.
        case notEmpty(table: String)
        /// None of the directories holds a journal.
        case noJournal([String])

        package var description: String {
            switch self {
            case .notEmpty(let table):
                """
                the database is not empty: table \(table) has rows. A replay rebuilds an empty database: make a new \
                one and set DATABASE_URL to it
                """
            case .noJournal(let directories):
                "no journal in \(directories.joined(separator: ", ")): give the data directory of a Weir"
            }
        }
    }

    private static let batchLines = 1000
    private static let batchBytes = 8 << 20

    private let streams: [JournalStream]

    /// Makes a replay of some streams; lines of other kinds are skipped.
    package init(_ streams: [JournalStream]) {
        self.streams = streams
    }

    /// Replays the journals of `directories` into the database of `connection`, on its queue; `report` is called after
    /// each batch, and the last progress is returned.
    ///
    /// - Throws: `Failure`, `JournalError`, `PostgresError`; lines applied before the error stay, without positions.
    package func run(
        _ directories: [String],
        codec: SegmentCodec?,
        on connection: Connection,
        report: (Progress) -> Void
    ) throws -> Progress {
        try requireEmpty(connection)
        var merge = try JournalMerge(directories: directories, codec: codec)
        guard !merge.ends.isEmpty else { throw Failure.noJournal(directories) }
        var progress = Progress()
        progress.linesTotal = merge.ends.reduce(0) { $0 + $1.seq }
        var batches = streams.map { ReplayBatch(stream: $0) }
        while let line = try merge.next() {
            progress.lines += 1
            for index in batches.indices where batches[index].wants(line) {
                batches[index].add(line)
                guard batches[index].isFull(Self.batchLines, Self.batchBytes) else { continue }
                progress.deadLetters += try batches[index].flush(on: connection)
                report(progress)
            }
        }
        for index in batches.indices { progress.deadLetters += try batches[index].flush(on: connection) }
        progress.damage = merge.damage
        try writePositions(merge.ends, on: connection)
        report(progress)
        return progress
    }

    private func requireEmpty(_ connection: Connection) throws {
        for table in streams.map(\.table) + ["journal_position"] {
            let rows = try connection.executeOnce(Statement(sql: "SELECT 1 FROM \(table) LIMIT 1"))
            guard rows.isEmpty else { throw Failure.notEmpty(table: table) }
        }
    }

    private func writePositions(_ ends: [JournalMerge.End], on connection: Connection) throws {
        try connection.transaction {
            for end in ends {
                let position = PositionStore.Position(seq: end.seq, epoch: end.epoch)
                for stream in streams {
                    try PositionStore.upsert(
                        position,
                        journal: end.journal,
                        stream: stream.name,
                        on: connection
                    )
                }
            }
        }
    }
}

/// The lines of a stream that wait for a full batch.
private struct ReplayBatch {
    private let kinds: Set<String>
    private let apply: JournalStream.Applier
    private var lines: [MergedLine] = []
    private var bytes = 0

    init(stream: JournalStream) {
        kinds = stream.kinds
        apply = stream.makeApplier()
    }

    func wants(_ line: MergedLine) -> Bool {
        kinds.contains(line.line.kind)
    }

    mutating func add(_ line: MergedLine) {
        lines.append(line)
        bytes += line.line.body.count
    }

    func isFull(_ mostLines: Int, _ mostBytes: Int) -> Bool {
        lines.count >= mostLines || bytes >= mostBytes
    }

    mutating func flush(on connection: Connection) throws -> Int {
        guard !lines.isEmpty else { return 0 }
        defer {
            lines.removeAll(keepingCapacity: true)
            bytes = 0
        }
        return try apply(lines, connection)
    }
}
