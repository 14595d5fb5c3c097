internal import Core
package import Glibc

/// Files of one JSON object a line that several processes append to.
package enum LineFile {
    /// Appends a line under an exclusive lock and makes it durable. False when that failed: nothing is thrown into the
    /// program.
    @discardableResult
    package static func append(_ line: [UInt8], to path: String) -> Bool {
        withLocked(path) { descriptor in
            let bytes = line + [UInt8(ascii: "\n")]
            return writeAll(bytes, descriptor) && fsync(descriptor) == 0
        } ?? false
    }

    /// Opens a file for appending and locks it; if the file was renamed before it was locked, opens the new one.
    package static func withLocked<Value>(_ path: String, _ body: (Int32) -> Value) -> Value? {
        for _ in 0..<10 {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { return nil }
            defer { close(descriptor) }
            guard flock(descriptor, LOCK_EX) == 0 else { return nil }
            var (opened, named) = (stat(), stat())
            guard fstat(descriptor, &opened) == 0 else { return nil }
            if stat(path, &named) == 0, named.st_ino == opened.st_ino { return body(descriptor) }
        }
        return nil
    }

    /// Makes a directory and its parents, if they are missing.
    package static func makeDirectory(_ path: String, mode: mode_t) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            mkdir(made, mode)
        }
    }

    /// Writes everything; false when that failed.
    package static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    /// The lines of a file that are not blank; nil when it cannot be read.
    package static func lines(of path: String) -> [ArraySlice<UInt8>]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes.append(contentsOf: block[..<count])
        }
        return bytes.split(separator: UInt8(ascii: "\n"))
    }

    /// The names in a directory, sorted.
    package static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return names.sorted()
    }
}
