package import Core
import Glibc

/// The directory of all copies.
package struct BackupShelf: Sendable {
    /// A complete copy: its metadata can be read.
    package struct Copy: Hashable, Sendable {
        /// The directory's name.
        package let name: String
        package let time: Timestamp
        package let metadata: BackupMetadata
        /// Whether it is the safety copy of a restore.
        package var isSafety: Bool { name.hasPrefix(BackupName.safetyPrefix) }
    }

    /// The dump in a copy's directory.
    package static let dumpName = "weir.dump"
    package static let partialPrefix = ".partial-"

    /// An absolute path, or one relative to Weir's working directory.
    package let path: String

    /// Wraps a path; creates nothing yet.
    package init(_ path: String) {
        self.path = path
    }

    /// The complete copies, the oldest first.
    package var copies: [Copy] {
        BackupFiles.names(in: path).compactMap { name in
            guard let time = BackupName.time(of: name),
                let json = BackupFiles.read("\(path)/\(name)/\(BackupMetadata.fileName)"),
                let metadata = BackupMetadata(json: json)
            else { return nil }
            return Copy(name: name, time: time, metadata: metadata)
        }.sorted { ($0.time, $0.name) < ($1.time, $1.name) }
    }

    /// The newest copy that is not a safety copy.
    package var newest: Copy? { copies.last { !$0.isSafety } }

    /// The copies to remove: older than `keep`, but never the last good one.
    package static func expired(_ copies: [Copy], keep: Duration, at now: Timestamp) -> [Copy] {
        let last = copies.filter { !$0.isSafety }.max { $0.time < $1.time }
        return copies.filter { $0 != last && $0.time < now - keep }
    }

    /// Removes expired copies; returns their names.
    package func removeExpired(keep: Duration, at now: Timestamp) -> [String] {
        let old = Self.expired(copies, keep: keep, at: now)
        for copy in old { BackupFiles.removeDirectory("\(path)/\(copy.name)") }
        return old.map(\.name)
    }

    /// Takes the lock of the directory, so that only one backup runs at a time, and removes unfinished copies.
    package func open() throws -> Lock {
        try BackupFiles.makeDirectory(path)
        let lock = try Lock(path + "/.lock")
        for name in BackupFiles.names(in: path) where name.hasPrefix(Self.partialPrefix) {
            BackupFiles.removeDirectory("\(path)/\(name)")
        }
        return lock
    }

    /// Held while a copy is made.
    package final class Lock: Sendable {
        private let descriptor: Int32

        init(_ path: String) throws {
            descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw BackupFileError(operation: "open", path: path, code: errno) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw StartError("another backup is being made: \(path) is locked")
            }
        }

        deinit {
            flock(descriptor, LOCK_UN)
            close(descriptor)
        }
    }
}

extension BackupShelf {
    /// The directory of the backups, as the settings say.
    package static func directory(_ settings: Settings) throws -> String {
        if let directory = settings.backupDirectory {
            let path = BackupFiles.absolute(directory)
            return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        }
        return try DataDirectory(preparing: settings.dataDirectory, for: settings).path + "/backups"
    }
}
