internal import Glibc

extension AlertsFileReader {
    /// Far more than people write.
    private static let sizeLimit = 16 << 20

    /// Reads files by their paths; `-` is standard input. Blocks.
    ///
    /// - Throws: every problem of every file, a line each.
    package static func read(
        _ paths: [String],
        variables: [String: String]
    ) throws(AlertsFailure) -> AlertsFile {
        var reader = AlertsFileReader(variables: variables)
        for path in paths {
            reader.read(try bytes(path), named: path == "-" ? "(standard input)" : path)
        }
        switch reader.finish() {
        case .success(let file): return file
        case .failure(let problems): throw problems.failure
        }
    }

    private static func bytes(_ path: String) throws(AlertsFailure) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { if path != "-" { close(descriptor) } }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= sizeLimit else { throw AlertsFailure("\(path) is larger than 16 MiB") }
        }
    }

    private static func failure(_ path: String) -> AlertsFailure {
        AlertsFailure("\(path) can't be read: \(String(cString: strerror(errno)))")
    }
}
