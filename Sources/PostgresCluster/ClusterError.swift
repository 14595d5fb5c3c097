internal import Glibc
package import Postgres

/// Why a private cluster can not be made, started or stopped.
package enum ClusterError: Error, Hashable, Sendable {
    /// No searched directory contains `postgres` and `initdb` of a supported version.
    case noBinaries(searched: [String])
    /// The configured directory does not contain usable binaries.
    case unusableBinaries(directory: String)
    /// No searched directory contains `pg_dump` and `pg_restore` for this server.
    case noTools(serverMajor: Int)
    /// The cluster was made before, and its files are gone.
    case lost(directory: String)
    /// The data was made by a major version whose binaries are not installed.
    case versionMismatch(data: Int, directory: String)
    /// Started by root, and neither the user `postgres` nor `nobody` exists.
    case noUnprivilegedUser
    /// Started by root, and neither `setpriv` nor `runuser` is installed.
    case noUserSwitcher
    /// The unprivileged user cannot traverse a directory above the cluster's.
    case notTraversable(directory: String, user: String)
    /// A system call on a file failed.
    case file(path: String, operation: String, errno: Int32)
    /// Another user owns the directory for the socket, or others may enter it.
    case unsafeSocketDirectory(String)
    /// Another user owns the cluster's directory, for example when root runs a command on the data of a service.
    case foreignDirectory(String, owner: String)
    /// A program could not be started.
    case spawn(program: String, errno: Int32)
    /// `initdb` ended with an error; the text is the end of its output.
    case initializationFailed(output: String)
    /// The server ended or did not answer before the timeout; the text is the end of its log.
    case didNotStart(log: String)
    /// The server stopped neither on the fast nor on the immediate request.
    case didNotStop(processID: Int32)
    /// The server runs but refused Weir.
    case refused(PostgresError)

    /// A bounded word for metric labels.
    package var reason: String {
        switch self {
        case .noBinaries, .unusableBinaries, .noTools: "no_binaries"
        case .lost: "lost"
        case .versionMismatch: "version_mismatch"
        case .noUnprivilegedUser, .noUserSwitcher, .notTraversable: "privileges"
        case .file, .unsafeSocketDirectory, .foreignDirectory: "file"
        case .spawn, .initializationFailed: "initialization"
        case .didNotStart, .refused: "start"
        case .didNotStop: "stop"
        }
    }
}

extension ClusterError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noBinaries(let searched):
            """
            no PostgreSQL 14 or newer was found in \(searched.joined(separator: ", ")); install it \
            (Debian: apt-get install postgresql), name its directory in WEIR_PG_BIN, or set DATABASE_URL
            """
        case .unusableBinaries(let directory):
            "\(directory) (WEIR_PG_BIN) does not hold postgres and initdb of PostgreSQL 14 or newer"
        case .noTools(let major):
            """
            no pg_dump and pg_restore of PostgreSQL \(major) or newer were found; install them (Debian: \
            apt-get install postgresql-client), or name their directory in WEIR_PG_BIN
            """
        case .lost(let directory):
            """
            the files of the private PostgreSQL in \(directory) are gone; bring them back (is a disk not mounted?), or \
            start `weir serve` anew: it makes a new cluster and loads what the journal keeps, and `weir restore` brings \
            back a backup
            """
        case .versionMismatch(let data, let directory):
            """
            \(directory) was made by PostgreSQL \(data), which is not installed; install it, or name its \
            directory in WEIR_PG_BIN
            """
        case .noUnprivilegedUser:
            """
            PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as; start \
            Weir as an unprivileged user
            """
        case .noUserSwitcher:
            """
            PostgreSQL refuses to run as root, and neither setpriv nor runuser (util-linux) is installed; \
            start Weir as an unprivileged user
            """
        case .notTraversable(let directory, let user):
            """
            the user \(user), as whom PostgreSQL is run when Weir is started by root, can not pass through \
            \(directory); allow it (chmod o+x \(directory)), or start Weir as an unprivileged user
            """
        case .file(let path, let operation, let errno):
            "can not \(operation) \(path): \(String(cString: strerror(errno)))"
        case .unsafeSocketDirectory(let path):
            "\(path) belongs to another user or is open to others; remove it or set XDG_RUNTIME_DIR"
        case .foreignDirectory(let path, let owner):
            "the private PostgreSQL in \(path) belongs to the user \(owner): run this as \(owner) (sudo -u \(owner) …)"
        case .spawn(let program, let errno):
            "can not run \(program): \(String(cString: strerror(errno)))"
        case .initializationFailed(let output): "initdb failed: \(output)"
        case .didNotStart(let log): "the private PostgreSQL did not start; the end of its log: \(log)"
        case .didNotStop(let processID): "the private PostgreSQL (process \(processID)) did not stop"
        case .refused(let error): "the private PostgreSQL refused Weir: \(error)"
        }
    }
}
