internal import Glibc

/// The `postmaster.pid` of a running server (PostgreSQL source, `utils/pidfile.h`).
struct PostmasterFile {
    var processID: pid_t
    var port: Int
    var socketDirectory: String

    /// Reads the file of a data directory; nil when there is none or it is being written.
    init?(dataDirectory: String) {
        guard let lines = SmallFile.lines("\(dataDirectory)/postmaster.pid"), lines.count >= 6,
            let processID = pid_t(lines[0]), processID > 1, let port = Int(lines[3])
        else { return nil }
        self.processID = processID
        self.port = port
        socketDirectory = lines[4]
    }

    /// Whether the process is the server of that data directory, and not another process with the same id.
    func isRunning(in dataDirectory: String) -> Bool {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/\(processID)/cwd", &buffer, buffer.count)
        guard length > 0 else { return false }
        let directory = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return directory == dataDirectory
    }
}
