internal import Glibc

/// A segment file that replaces another one: written under a temporary name, synced, then renamed.
struct SegmentOutput {
    private static let bufferBytes = 1 << 20

    private let target: String
    private let file: OpenFile
    private let files: FileOperations
    private let encoder: (any SegmentTransform)?
    private var buffer: [UInt8] = []
    private var offset: Int64 = 0

    /// Begins the file that will be called `target`, compressed if there is a codec.
    init(_ target: String, codec: SegmentCodec?, files: FileOperations) throws(JournalError) {
        self.target = target
        self.files = files
        let temporary = target + ".tmp"
        do throws(SystemFailure) {
            try FileSystem.remove(temporary)
            file = OpenFile(descriptor: try files.create(temporary).get(), path: temporary)
        } catch {
            throw .system(error)
        }
        guard let codec else {
            encoder = nil
            return
        }
        do {
            encoder = try codec.makeEncoder()
        } catch {
            throw .codecFailed(path: target, message: error.message)
        }
    }

    mutating func append(_ bytes: [UInt8]) throws(JournalError) {
        try append(bytes, isLast: false)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Completes the file and gives it its name, durably.
    mutating func finish() throws(JournalError) {
        if encoder != nil { try append([], isLast: true) }
        try flush()
        do throws(SystemFailure) {
            guard fsync(file.descriptor) == 0 else {
                throw SystemFailure(operation: "fsync", path: file.path, code: errno)
            }
            try FileSystem.rename(file.path, to: target)
        } catch {
            throw .system(error)
        }
    }

    /// Removes what was written so far.
    func discard() {
        try? FileSystem.remove(file.path)
    }

    private mutating func append(_ bytes: [UInt8], isLast: Bool) throws(JournalError) {
        guard let encoder else {
            buffer += bytes
            return
        }
        do throws(SegmentCodecError) {
            try encoder.process(bytes, isLast: isLast, into: &buffer)
        } catch {
            throw .codecFailed(path: target, message: error.message)
        }
    }

    private mutating func flush() throws(JournalError) {
        let code = buffer.withUnsafeBytes { files.write(file.descriptor, $0, offset) }
        guard code == 0 else {
            throw .system(SystemFailure(operation: "write", path: file.path, code: code))
        }
        offset += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }
}
