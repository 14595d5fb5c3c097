internal import Glibc

/// The user of the server: the one of this process, or an unprivileged one for root, since PostgreSQL refuses root.
struct ServiceUser: Sendable {
    var name: String
    var userID: uid_t
    var groupID: gid_t
    /// The prefix of a command line that runs it as this user; empty for the user of this process.
    var commandPrefix: [String]

    static func current() throws(ClusterError) -> ServiceUser {
        guard geteuid() == 0 else {
            return ServiceUser(name: "", userID: geteuid(), groupID: getegid(), commandPrefix: [])
        }
        guard var user = named("postgres") ?? named("nobody") else { throw .noUnprivilegedUser }
        user.commandPrefix = try switcher(to: user)
        return user
    }

    /// `setpriv` is preferred, since it becomes the program, while `runuser` stays as its parent.
    private static func switcher(to user: ServiceUser) throws(ClusterError) -> [String] {
        if let setpriv = firstExecutable("setpriv") {
            return [setpriv, "--reuid=\(user.userID)", "--regid=\(user.groupID)", "--clear-groups", "--"]
        }
        guard let runuser = firstExecutable("runuser") else { throw .noUserSwitcher }
        return [runuser, "-u", user.name, "--"]
    }

    private static func firstExecutable(_ program: String) -> String? {
        ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].map { $0 + program }.first { access($0, X_OK) == 0 }
    }

    private static func named(_ name: String) -> ServiceUser? {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getpwnam_r(name, &record, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return ServiceUser(name: name, userID: record.pw_uid, groupID: record.pw_gid, commandPrefix: [])
    }

    var isOther: Bool { !commandPrefix.isEmpty }

    /// Checks that the user can traverse every directory above `path`.
    func checkTraversal(to path: String) throws(ClusterError) {
        guard isOther else { return }
        var directory = ""
        for component in path.split(separator: "/").dropLast() {
            directory += "/\(component)"
            var status = stat()
            guard stat(directory, &status) == 0 else {
                throw .file(path: directory, operation: "look at", errno: errno)
            }
            guard mayEnter(status) else { throw .notTraversable(directory: directory, user: name) }
        }
    }

    private func mayEnter(_ status: stat) -> Bool {
        if status.st_uid == userID { return status.st_mode & S_IXUSR != 0 }
        if status.st_gid == groupID { return status.st_mode & S_IXGRP != 0 }
        return status.st_mode & S_IXOTH != 0
    }

    /// Refuses the directory of a cluster of another user; a missing one is accepted.
    func checkOwner(of path: String) throws(ClusterError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_uid != userID else { return }
        if access("\(path)/data/PG_VERSION", F_OK) != 0, errno == ENOENT { return }
        throw .foreignDirectory(path, owner: UserName.of(status.st_uid))
    }

    /// Makes a directory that only this user may enter, or checks an existing one.
    func makePrivateDirectory(_ path: String) throws(ClusterError) {
        if mkdir(path, 0o700) == 0 {
            if isOther, chown(path, userID, groupID) != 0 {
                throw .file(path: path, operation: "hand over", errno: errno)
            }
        } else if errno != EEXIST {
            throw .file(path: path, operation: "make", errno: errno)
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .file(path: path, operation: "look at", errno: errno) }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        guard isDirectory, status.st_uid == userID, status.st_mode & 0o077 == 0 else {
            throw .unsafeSocketDirectory(path)
        }
    }
}
