internal import Glibc

/// A database file of another program, opened without changing it.
struct SQLiteFile {
    let database: SQLiteDatabase
    private let path: String
    private let isUnshared: Bool
    private let copy: PrivateCopy?

    /// Opens the file for reading.
    ///
    /// With a log beside it (`-wal`) SQLite reads both. A file in WAL mode without a log is not in use, and is read
    /// without locks: otherwise SQLite would leave two files beside it. An interrupted transaction can be rolled back
    /// only by writing: then a private copy is read.
    ///
    /// - Throws: `SQLiteError`, `ImportFailure`.
    init(path: String) throws {
        self.path = path
        isUnshared =
            try !Self.exists(path + "-wal") && !Self.exists(path + "-journal") && Self.isInWALMode(path)
        do {
            database = try Self.opened(path, isUnshared ? .unshared : .shared)
            copy = nil
        } catch let error as SQLiteError {
            guard error.needsRecovery, !isUnshared else { throw error }
            let copy = try PrivateCopy(of: path, ["", "-wal", "-journal"])
            database = try Self.opened(copy.path, .owned)
            self.copy = copy
        }
    }

    /// SQLite reads a file only when it has to.
    private static func opened(_ path: String, _ access: SQLiteDatabase.Access) throws -> SQLiteDatabase {
        let database = try SQLiteDatabase(path: path, access)
        _ = try database.prepare("SELECT count(*) FROM sqlite_schema").step()
        return database
    }

    /// Whether another process began to use a file that was read without locks.
    var wasChanged: Bool {
        isUnshared && (Self.exists(path + "-wal") || Self.exists(path + "-journal"))
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Bytes 18 and 19 of the file are 2 in WAL mode (sqlite.org/fileformat2, §1.3).
    private static func isInWALMode(_ path: String) throws -> Bool {
        let header = try FileReader(path: path).read(upTo: 20)
        return header.count == 20 && header[18] == 2
    }
}

/// A copy of a file and of those beside it in a new directory, which is removed with the value.
private final class PrivateCopy {
    let path: String
    private let directory: String
    private let suffixes: [String]

    init(of source: String, _ suffixes: [String]) throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/weir-import-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ImportFailure(
                "cannot be copied to \(parent) to be read: \(String(cString: strerror(errno)))"
            )
        }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = directory + "/database"
        self.suffixes = suffixes
        for suffix in suffixes where access(source + suffix, F_OK) == 0 {
            try Self.copy(source + suffix, path + suffix)
        }
    }

    deinit {
        for suffix in suffixes + ["-shm"] { unlink(path + suffix) }
        rmdir(directory)
    }

    private static func copy(_ source: String, _ target: String) throws {
        let reader = try FileReader(path: source)
        let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        while true {
            let bytes = try reader.read(upTo: 1 << 20)
            if bytes.isEmpty { return }
            let written = write(descriptor, bytes, bytes.count)
            guard written == bytes.count else {
                throw ImportFailure(
                    "cannot be copied to \(target) to be read: the disk is full or not writable"
                )
            }
        }
    }
}
