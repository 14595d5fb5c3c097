internal import Core
internal import Glibc

/// Keeps every other process out of a journal directory, until it is released by `deinit` or the process ends.
final class DirectoryLock: Sendable {
    private let file: OpenFile

    /// Throws `.locked` with the text of the lock file if the directory is taken.
    init(directory: String, now: Timestamp) throws(JournalError) {
        let path = directory + "/lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .system(SystemFailure(operation: "open", path: path, code: errno))
        }
        file = OpenFile(descriptor: descriptor, path: path)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK: throw .locked(path: directory, by: Self.holder(path))
            default: throw .system(SystemFailure(operation: "flock", path: path, code: errno))
            }
        }
        try writeHolder(now: now)
    }

    deinit {
        // Closing alone does not release the lock while a child between fork and exec has a copy of the descriptor.
        flock(file.descriptor, LOCK_UN)
    }

    private func writeHolder(now: Timestamp) throws(JournalError) {
        let text = "pid \(getpid()) on host \(Self.hostName()) since \(now)\n"
        let code = Array(text.utf8).withUnsafeBytes { bytes -> Int32 in
            let code = FileOperations.system.truncate(file.descriptor, 0)
            return code == 0 ? FileOperations.system.write(file.descriptor, bytes, 0) : code
        }
        guard code == 0 else {
            throw .system(SystemFailure(operation: "write", path: file.path, code: code))
        }
    }

    private static func holder(_ path: String) -> LockHolder {
        let bytes = (try? FileSystem.contents(of: path, limit: 512)) ?? []
        let text = String(decoding: bytes.prefix { $0 != LineFormat.lineFeed }, as: UTF8.self)
        return LockHolder(description: text.isEmpty ? "an unknown process" : text)
    }

    private static func hostName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, gethostname(base, 255) == 0 else { return "unknown" }
            buffer[255] = 0
            return String(cString: base)
        }
    }
}
