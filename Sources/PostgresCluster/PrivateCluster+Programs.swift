internal import Glibc
internal import Postgres

extension PrivateCluster {
    /// Whether the programs on disk differ from the running ones, as after an upgrade of the package: the server
    /// keeps running, and fails when it loads a library that no longer fits.
    package var runsReplacedPrograms: Bool {
        guard let server = runningServer() else { return false }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/\(server.processID)/exe", &buffer, buffer.count)
        guard length > 0 else { return false }
        let program = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // proc(5): the link of an unlinked or replaced file ends with this word.
        let gone = " (deleted)"
        guard program.hasSuffix(gone) else { return false }
        return access(String(program.dropLast(gone.count)), X_OK) == 0
    }

    /// Records outside of the cluster's directory that the cluster was made.
    func makeMarker() throws(ClusterError) {
        guard let marker = configuration.marker, access(marker, F_OK) != 0 else { return }
        let descriptor = open(marker, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: marker, operation: "make", errno: errno) }
        defer { close(descriptor) }
        let text =
            "The private PostgreSQL of this data directory has been made; it is in \(configuration.directory).\n"
        guard write(descriptor, text, text.utf8.count) == text.utf8.count, fsync(descriptor) == 0 else {
            throw .file(path: marker, operation: "write", errno: errno)
        }
    }
}

extension PostgresError {
    /// Whether the server cannot load one of its own libraries: its programs were replaced while it was running.
    package var isOfReplacedPrograms: Bool {
        let words = [
            "could not load library", "undefined symbol", "incompatible library", "could not access file",
            "could not find function", "database files are incompatible",
        ]
        return words.contains { message.contains($0) }
    }
}
