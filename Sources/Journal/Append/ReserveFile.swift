internal import Glibc

/// Disk space reserved for lines that no client would send again; given up when the disk is full.
struct ReserveFile: Sendable {
    private static let pieceBytes = 1 << 20

    let path: String
    let bytes: Int64
    private let files: FileOperations

    init(path: String, bytes: Int64, files: FileOperations) {
        self.path = path
        self.bytes = bytes
        self.files = files
    }

    var isHeld: Bool { FileSystem.allocatedBytes(path) >= bytes }

    /// Frees the space. True if there was any to free.
    func giveUp() -> Bool {
        guard bytes > 0, FileSystem.exists(path) else { return false }
        return (try? FileSystem.remove(path)) != nil
    }

    /// Takes the space again. The blocks are written, since a file system may promise blocks that it doesn't have.
    func make() throws(SystemFailure) {
        guard bytes > 0, !isHeld else { return }
        let temporary = path + ".tmp"
        try FileSystem.remove(temporary)
        do throws(SystemFailure) {
            try fill(temporary)
            try FileSystem.rename(temporary, to: path)
        } catch {
            try? FileSystem.remove(temporary)
            throw error
        }
    }

    private func fill(_ temporary: String) throws(SystemFailure) {
        let file = OpenFile(descriptor: try files.create(temporary).get(), path: temporary)
        let allocation = posix_fallocate(file.descriptor, 0, Int(bytes))
        guard allocation == 0 || allocation == EOPNOTSUPP || allocation == EINVAL else {
            throw SystemFailure(operation: "fallocate", path: temporary, code: allocation)
        }
        let piece = [UInt8](repeating: LineFormat.lineFeed, count: Int(min(bytes, Int64(Self.pieceBytes))))
        var offset: Int64 = 0
        while offset < bytes {
            let count = Int(min(Int64(piece.count), bytes - offset))
            let code = piece.withUnsafeBytes {
                files.fill(file.descriptor, UnsafeRawBufferPointer(rebasing: $0[..<count]), offset)
            }
            guard code == 0 else {
                throw SystemFailure(operation: "write", path: temporary, code: code)
            }
            offset += Int64(count)
        }
        guard fsync(file.descriptor) == 0 else {
            throw SystemFailure(operation: "fsync", path: temporary, code: errno)
        }
    }
}
