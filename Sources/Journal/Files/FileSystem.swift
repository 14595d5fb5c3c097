internal import Glibc

/// Directory and whole-file operations; durable on return where the name or comment says so.
enum FileSystem {
    static func message(of code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "unknown error"
    }

    /// Makes a directory with mode 0700 unless it exists, and syncs its parent.
    static func makeDirectory(_ path: String) throws(SystemFailure) {
        if mkdir(path, 0o700) == 0 {
            try synchronizeDirectory(parent(of: path))
        } else if errno == EEXIST {
            guard chmod(path, 0o700) == 0 else {
                throw SystemFailure(operation: "chmod", path: path, code: errno)
            }
        } else {
            throw SystemFailure(operation: "mkdir", path: path, code: errno)
        }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes created, renamed and removed names durable.
    static func synchronizeDirectory(_ path: String) throws(SystemFailure) {
        let directory = try OpenFile(path: path, flags: O_RDONLY | O_DIRECTORY)
        guard fsync(directory.descriptor) == 0 else {
            throw SystemFailure(operation: "fsync", path: path, code: errno)
        }
    }

    /// The names in a directory, in no order, without `.` and `..`.
    static func names(in path: String) throws(SystemFailure) -> [String] {
        guard let stream = opendir(path) else {
            throw SystemFailure(operation: "opendir", path: path, code: errno)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Bytes that the file occupies on disk; 0 if it is gone.
    static func allocatedBytes(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_blocks) * 512 : 0
    }

    /// Bytes that an unprivileged process may still write on the file system of `path`, and its size.
    static func space(at path: String) throws(SystemFailure) -> (free: Int64, total: Int64) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else {
            throw SystemFailure(operation: "statvfs", path: path, code: errno)
        }
        let block = Int64(status.f_frsize)
        return (Int64(status.f_bavail) * block, Int64(status.f_blocks) * block)
    }

    /// Removes a file (it may be gone already); the caller syncs the directory.
    static func remove(_ path: String) throws(SystemFailure) {
        guard unlink(path) == 0 || errno == ENOENT else {
            throw SystemFailure(operation: "unlink", path: path, code: errno)
        }
    }

    /// Renames a file within one directory and syncs the directory.
    static func rename(_ source: String, to target: String) throws(SystemFailure) {
        guard Glibc.rename(source, target) == 0 else {
            throw SystemFailure(operation: "rename", path: source, code: errno)
        }
        try synchronizeDirectory(parent(of: target))
    }

    /// The whole of a small file.
    static func contents(of path: String, limit: Int = 65_536) throws(SystemFailure) -> [UInt8] {
        let file = try OpenFile(path: path, flags: O_RDONLY)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit, alignment: 1)
        defer { buffer.deallocate() }
        var count = 0
        while count < limit {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let read = try file.read(into: rest, at: Int64(count))
            if read == 0 { break }
            count += read
        }
        return Array(buffer[..<count])
    }

    /// Replaces a small file so that after a crash either the old or the new contents are there.
    static func replace(
        _ path: String,
        with bytes: [UInt8],
        files: FileOperations
    ) throws(SystemFailure) {
        let temporary = path + ".tmp"
        try remove(temporary)
        let file = OpenFile(descriptor: try files.create(temporary).get(), path: temporary)
        let code = bytes.withUnsafeBytes { files.write(file.descriptor, $0, 0) }
        guard code == 0 else {
            throw SystemFailure(operation: "write", path: temporary, code: code)
        }
        guard fsync(file.descriptor) == 0 else {
            throw SystemFailure(operation: "fsync", path: temporary, code: errno)
        }
        try rename(temporary, to: path)
    }
}
