import Glibc
import Postgres
import PostgresCluster

/// Why the data directory cannot be used.
package enum DataDirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It could not be made, entered or written; the number is `errno`.
    case unusable(path: String, call: String, code: Int32)
    /// The path is not a directory.
    case notADirectory(path: String)

    package var description: String {
        switch self {
        case .unusable(let path, let call, let code):
            """
            cannot use the data directory \(path): \(call): \(String(cString: strerror(code))); \
            \(Self.remedy(path, code))choose another with WEIR_DATA_DIR or --data-dir
            """
        case .notADirectory(let path):
            "cannot use the data directory \(path): it is no directory; choose another with WEIR_DATA_DIR or --data-dir"
        }
    }

    /// What to do about a directory that another user owns; empty for other errors.
    private static func remedy(_ path: String, _ code: Int32) -> String {
        var status = stat()
        guard [EACCES, EPERM].contains(code), stat(path, &status) == 0, status.st_uid != geteuid() else {
            return ""
        }
        let (owner, own) = (UserName.of(status.st_uid), UserName.of(geteuid()))
        return """
            it belongs to the user \(owner), and this is \(own): run this as \(owner) (sudo -u \(owner) …), or \
            give it to \(own) (chown -R \(own) \(path)), or 
            """
    }
}

/// The directory with everything that Weir keeps on disk; only its owner has access.
package struct DataDirectory: Sendable {
    /// The absolute path.
    package let path: String
    private let mode: mode_t

    /// Makes the directory and its missing parents, for its owner only, and checks that it is writable.
    ///
    /// A directory of root gets mode 0711 if it contains a private cluster, since PostgreSQL runs as another user;
    /// its contents stay inaccessible.
    package init(preparing path: String, for settings: Settings) throws(DataDirectoryError) {
        mode = geteuid() == 0 && settings.databaseURL == nil ? 0o711 : 0o700
        try Self.make(path, mode)
        guard let resolved = realpath(path, nil) else {
            throw .unusable(path: path, call: "open", code: errno)
        }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        settleMode()
        try probe()
    }

    /// Sets the permission bits of the directory; opening the journal removes the access of all others.
    func settleMode() {
        var status = stat()
        if stat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o777 != mode {
            chmod(path, mode)
        }
    }

    /// The directory of the private cluster.
    package var cluster: String { path + "/postgres" }

    /// The marker that distinguishes a lost cluster from one that was never made.
    package var clusterMarker: String { path + "/postgres.made" }

    /// The mirror of the hashes of tokens.
    package var tokenMirror: String { path + "/tokens.json" }

    private static func make(_ path: String, _ mode: mode_t) throws(DataDirectoryError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw .notADirectory(path: path) }
            return
        }
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
            separator: "/"
        )
        if !parent.isEmpty, parent != "." { try make(parent, mode) }
        guard mkdir(path, mode) == 0 || errno == EEXIST else {
            throw .unusable(path: path, call: "mkdir", code: errno)
        }
    }

    /// Gives a file that root has written to the owner of the directory: the server may run as another user.
    package func handOver(_ file: String) {
        var status = stat()
        guard geteuid() == 0, stat(path, &status) == 0, status.st_uid != 0 else { return }
        chown(file, status.st_uid, status.st_gid)
    }

    private func probe() throws(DataDirectoryError) {
        let name = "\(path)/.weir-probe-\(getpid())"
        let descriptor = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: path, call: "write", code: errno) }
        close(descriptor)
        unlink(name)
    }
}
