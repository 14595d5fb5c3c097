import Core
import Crypto
import Glibc

/// An operation on a file of a copy failed.
package struct BackupFileError: Error, CustomStringConvertible {
    let operation: String
    let path: String
    /// `errno`; nil for a file that is not an ordinary one.
    let code: Int32?

    static func notOrdinary(_ path: String) -> BackupFileError {
        BackupFileError(operation: "read", path: path, code: nil)
    }

    package var description: String {
        guard let code else { return "\(path) is no ordinary file" }
        return "can not \(operation) \(path): \(String(cString: strerror(code)))"
    }
}

/// The files of copies: only the owner may access them, and they are durable when the calls return.
package enum BackupFiles {
    /// The absolute path: child processes work in other directories.
    package static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
        defer { free(current) }
        return String(cString: current) + "/" + path
    }

    /// Makes a directory and its missing parents.
    package static func makeDirectory(_ path: String) throws(BackupFileError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw BackupFileError(operation: "make", path: path, code: errno)
        }
        try makeDirectory(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw BackupFileError(operation: "make", path: path, code: errno)
        }
    }

    /// Makes an empty file before another program writes it, so that Weir sets its permissions.
    package static func makeFile(_ path: String) throws(BackupFileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw BackupFileError(operation: "make", path: path, code: errno) }
        close(descriptor)
    }

    /// Writes a small file.
    package static func write(_ text: String, to path: String) throws(BackupFileError) {
        try makeFile(path)
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BackupFileError(operation: "open", path: path, code: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            throw BackupFileError(operation: "write", path: path, code: errno)
        }
    }

    /// Opens an ordinary file for reading, without waiting; other files are refused: a pipe may never get a writer.
    package static func openOrdinary(_ path: String) throws(BackupFileError) -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            // ENXIO: a socket, or a device without its driver.
            if errno == ENXIO { throw BackupFileError.notOrdinary(path) }
            throw BackupFileError(operation: "open", path: path, code: errno)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw BackupFileError.notOrdinary(path)
        }
        return descriptor
    }

    /// Reads a small file; nil when there is none, or it is not an ordinary one.
    package static func read(_ path: String) -> [UInt8]? {
        guard let descriptor = try? openOrdinary(path) else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == -1, errno == EINTR { continue }
            guard count > 0, content.count < 16 << 20 else { return content }
            content += piece[..<count]
        }
    }

    /// Makes a file or a directory durable.
    package static func synchronize(_ path: String) throws(BackupFileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw BackupFileError(operation: "open", path: path, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw BackupFileError(operation: "sync", path: path, code: errno)
        }
    }

    /// Renames a finished directory.
    package static func rename(_ old: String, _ new: String) throws(BackupFileError) {
        guard Glibc.rename(old, new) == 0 else {
            throw BackupFileError(operation: "rename", path: old, code: errno)
        }
        try synchronize(String(new[..<(new.lastIndex(of: "/") ?? new.endIndex)]))
    }

    /// Removes the directory of a copy and its files.
    package static func removeDirectory(_ path: String) {
        for name in names(in: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// The names in a directory, sorted; empty when there is none.
    static func names(in path: String) -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The bytes that an unprivileged user may still write; nil when unknown.
    package static func freeBytes(_ path: String) -> Int64? {
        var space = statvfs()
        guard statvfs(path, &space) == 0 else { return nil }
        return Int64(space.f_bavail) * Int64(space.f_frsize)
    }

    /// The size in bytes and the SHA-256 of a file as it is on disk: its pages are dropped from the page cache first.
    package static func digest(_ path: String) throws(BackupFileError) -> (bytes: Int64, sha256: String) {
        let descriptor = try openOrdinary(path)
        defer { close(descriptor) }
        posix_fadvise(descriptor, 0, 0, Int32(POSIX_FADV_DONTNEED))
        var hash = SHA256()
        var piece = [UInt8](repeating: 0, count: 1 << 20)
        var bytes: Int64 = 0
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == -1, errno == EINTR { continue }
            guard count >= 0 else { throw BackupFileError(operation: "read", path: path, code: errno) }
            if count == 0 { return (bytes, Hex.encode(hash.finalize())) }
            bytes += Int64(count)
            piece.withUnsafeBytes {
                hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
        }
    }
}
