internal import Glibc

/// A file that is read from its beginning to its end. Belongs to one thread.
final class FileReader {
    /// The size when it was opened, in bytes.
    let size: Int64
    private let descriptor: Int32

    /// Opens an ordinary file.
    ///
    /// - Throws: `ImportFailure` for another kind of file, or one that cannot be read.
    init(path: String) throws(ImportFailure) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw ImportFailure("cannot be read: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ImportFailure(status.st_mode & S_IFMT == S_IFDIR ? "is a directory" : "is no ordinary file")
        }
        size = Int64(status.st_size)
    }

    deinit {
        close(descriptor)
    }

    /// The next bytes; none at the end.
    func read(upTo count: Int) throws(ImportFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let received = Glibc.read(descriptor, &bytes, count)
            if received >= 0 {
                bytes.removeLast(count - received)
                return bytes
            }
            guard errno == EINTR else {
                throw ImportFailure("cannot be read: \(String(cString: strerror(errno)))")
            }
        }
    }
}
