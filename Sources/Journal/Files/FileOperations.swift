internal import Glibc

/// The system calls on which durability depends, replaceable so that tests can make them fail.
///
/// Every closure returns 0 or an `errno` value and may be called on any thread.
package struct FileOperations: Sendable {
    /// Creates a file that must not exist yet (mode 0600), open for reading and writing.
    package var create: @Sendable (_ path: String) -> Result<Int32, SystemFailure>
    /// Writes all bytes at an offset: lines and segment headers.
    package var write: @Sendable (_ descriptor: Int32, UnsafeRawBufferPointer, _ offset: Int64) -> Int32
    /// Writes all bytes at an offset: line feeds in advance of the lines, and the reserve file.
    package var fill: @Sendable (_ descriptor: Int32, UnsafeRawBufferPointer, _ offset: Int64) -> Int32
    /// `fdatasync`.
    package var synchronize: @Sendable (_ descriptor: Int32) -> Int32
    /// `ftruncate`.
    package var truncate: @Sendable (_ descriptor: Int32, _ size: Int64) -> Int32

    /// The real system calls.
    package static let system = FileOperations(
        create: { path in
            let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else {
                return .failure(SystemFailure(operation: "create", path: path, code: errno))
            }
            return .success(descriptor)
        },
        write: writeAll,
        fill: writeAll,
        synchronize: { fdatasync($0) == 0 ? 0 : errno },
        truncate: { ftruncate($0, Int($1)) == 0 ? 0 : errno }
    )

    @Sendable
    private static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, _ offset: Int64)
        -> Int32
    {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, Int(offset) + written)
            if count > 0 {
                written += count
            } else if count == 0 {
                return EIO
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}

/// The only owner of a file descriptor, which is closed with the last reference.
final class OpenFile: Sendable {
    let descriptor: Int32
    let path: String

    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens an existing file.
    convenience init(path: String, flags: Int32) throws(SystemFailure) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SystemFailure(operation: "open", path: path, code: errno)
        }
        self.init(descriptor: descriptor, path: path)
    }

    deinit {
        close(descriptor)
    }

    /// Reads up to `buffer.count` bytes at an offset; 0 at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(SystemFailure) -> Int {
        while true {
            let count = pread(descriptor, buffer.baseAddress, buffer.count, Int(offset))
            if count >= 0 { return count }
            guard errno == EINTR else {
                throw SystemFailure(operation: "read", path: path, code: errno)
            }
        }
    }

    /// The file's length in bytes.
    func size() throws(SystemFailure) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SystemFailure(operation: "stat", path: path, code: errno)
        }
        return Int64(status.st_size)
    }
}
