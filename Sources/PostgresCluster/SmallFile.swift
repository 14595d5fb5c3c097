internal import Glibc

/// Files of a few lines, read whole.
enum SmallFile {
    /// The file's content; nil when it can not be opened.
    static func read(_ path: String, limit: Int = 64 * 1024) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return readAll(descriptor, limit: limit)
    }

    /// The file's lines; nil when it can not be opened.
    static func lines(_ path: String) -> [String]? {
        read(path).map { bytes in
            bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// The last `limit` bytes of a file, from the start of a line.
    static func tail(_ path: String, limit: Int = 2000) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "(no log)" }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        lseek(descriptor, max(0, size - limit), SEEK_SET)
        let text = String(decoding: readAll(descriptor, limit: limit), as: UTF8.self)
        return size > limit ? String(text.drop { $0 != "\n" }.dropFirst()) : text
    }

    /// Reads to the end, keeping the last `limit` bytes.
    static func readAll(_ descriptor: Int32, limit: Int) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return content }
            content.append(contentsOf: chunk[..<count])
            if content.count > limit { content.removeFirst(content.count - limit) }
        }
    }
}
