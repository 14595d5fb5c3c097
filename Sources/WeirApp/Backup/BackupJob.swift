import Configuration
import Core
import Glibc
import Ingest
import Logging
import Metrics
import Postgres
import PostgresCluster
import Synchronization

/// Copies of the database at intervals, made by the leader.
///
/// A copy takes minutes and other maintenance jobs want their turn, so that a separate process makes it, `weir
/// backup`; a turn of the maintenance job starts it, or checks whether it has ended.
final class BackupJob: Sendable {
    private struct Guarded {
        var program: RunningProgram?
        // No check is needed before this time.
        var notBefore: Timestamp?
        var lastSuccess: Timestamp?
        var hasFailed = false
    }

    /// A failed copy is retried sooner than the next one is due.
    private static let pauseAfterFailure = Duration.seconds(900)

    private let settings: Settings
    private let executable: String
    private let logger: Logger
    // Guards the running copy and the outcome of the last one.
    private let guarded = Mutex(Guarded())

    /// Makes the maintenance job; `executable` is the program with the command `weir backup`.
    init(_ settings: Settings, executable: String = BackupJob.ownExecutable, logger: Logger) {
        self.settings = settings
        self.executable = executable
        self.logger = logger
    }

    /// The path of this process's program.
    static var ownExecutable: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "/proc/self/exe" }
        defer { free(path) }
        return String(cString: path)
    }

    var job: MaintenanceJob {
        MaintenanceJob("backup", every: .seconds(2)) { [self] _, now in try turn(at: now) }
    }

    /// Ends a running copy; the next one removes its unfinished files.
    func stop() {
        let program = guarded.withLock { guarded in
            defer { guarded.program = nil }
            return guarded.program
        }
        program?.stop()
    }

    /// When the newest good copy was made; nil while this process has made and seen none.
    var lastSuccess: Timestamp? { guarded.withLock { $0.lastSuccess } }
    /// Whether the last attempt failed.
    var hasFailed: Bool { guarded.withLock { $0.hasFailed } }

    /// For a scrape.
    func collect(into snapshot: inout MetricsSnapshot) {
        snapshot.gauge(
            "weir_backup_failed",
            help: "Whether the last attempt at a copy of the database failed.",
            hasFailed ? 1 : 0
        )
    }

    // MARK: - Turns

    /// One turn: starts a copy that is due, or handles the end of a running one.
    func turn(at now: Timestamp) throws {
        let (program, notBefore) = guarded.withLock { ($0.program, $0.notBefore) }
        if let program {
            guard let status = program.exitStatus() else { return }
            return try ended(status, at: now)
        }
        if let notBefore, now < notBefore { return }
        let shelf = BackupShelf(try BackupShelf.directory(settings))
        let newest = shelf.newest?.time
        let due = newest.map { $0 + settings.backupEvery } ?? now
        guard due <= now else {
            return guarded.withLock { guarded in
                guarded.notBefore = min(due, now.adding(seconds: 60))
                guarded.lastSuccess = newest
            }
        }
        try begin(shelf, at: now)
    }

    private func begin(_ shelf: BackupShelf, at now: Timestamp) throws {
        logger.info("backup begins", metadata: ["directory": "\(shelf.path)"])
        do {
            try BackupFiles.makeDirectory(shelf.path)
            let program = try RunningProgram.start(
                [executable, "backup"],
                variables: variables(shelf),
                log: log(shelf)
            )
            guarded.withLock { $0.program = program }
        } catch {
            failed("\(error)", at: now)
        }
    }

    private func ended(_ status: Int32, at now: Timestamp) throws {
        let shelf = BackupShelf(try BackupShelf.directory(settings))
        guarded.withLock { $0.program = nil }
        guard status == 0, let newest = shelf.newest else {
            let said = BackupFiles.read(log(shelf)) ?? []
            let last = said.split(separator: UInt8(ascii: "\n")).last ?? []
            return failed(String(decoding: last, as: UTF8.self), at: now)
        }
        guarded.withLock { guarded in
            guarded.hasFailed = false
            guarded.notBefore = nil
            guarded.lastSuccess = newest.time
        }
        logger.info(
            "backup made",
            metadata: ["copy": "\(shelf.path)/\(newest.name)", "bytes": "\(newest.metadata.sizeBytes)"]
        )
    }

    private func failed(_ reason: String, at now: Timestamp) {
        guarded.withLock { guarded in
            guarded.hasFailed = true
            guarded.notBefore = now + min(settings.backupEvery, Self.pauseAfterFailure)
        }
        logger.error("backup failed", metadata: ["error": "\(reason)"])
    }

    private func log(_ shelf: BackupShelf) -> String { shelf.path + "/backup.log" }

    /// The settings of this process, whatever their source.
    private func variables(_ shelf: BackupShelf) -> [String: String] {
        var variables = [
            "WEIR_DATA_DIR": BackupFiles.absolute(settings.dataDirectory), "WEIR_BACKUP_DIR": shelf.path,
            "WEIR_BACKUP_KEEP": DurationText(settings.backupKeep).description,
            "WEIR_BACKUP_MIN_FREE": ByteSize(settings.backupMinFree).description,
            "WEIR_PG_BIN": settings.postgresBinaries ?? "",
        ]
        if let url = settings.databaseURL { variables["DATABASE_URL"] = url }
        return variables
    }
}
