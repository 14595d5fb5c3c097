internal import Core
internal import Glibc
internal import HTTP

/// The lines of a text file, which may be compressed with gzip, in UTF-8. Belongs to one thread.
///
/// UTF-16 is recognised and recoded; a line that is not UTF-8 is read as Latin-1.
///
/// Memory is bounded by the longest line that is let through.
final class FileLineReader {
    /// One line of a file.
    enum Line: Equatable {
        /// Its bytes, without line feed and carriage return.
        case text([UInt8])
        /// It is longer than `longest`; its bytes were dropped.
        case tooLong
    }

    /// The longest line that is read, in bytes: what a server takes as one body by default.
    static let longest = 16 << 20

    private let file: FileReader
    private let decoder: ContentDecoder?
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private var recoder: UTF16Recoder?
    /// The number of the line that was read last, from 1.
    private(set) var number = 0
    /// How many lines were not UTF-8.
    private(set) var latin1Lines = 0
    /// Whether the line that was read last ended without a line feed, at the end of the file.
    private(set) var wasCutShort = false
    private var isSkipping = false
    private var taken: Int64 = 0
    // A compressed piece may become a thousand times as long.
    private static let compressedPiece = 16 << 10
    private static let piece = 256 << 10

    /// Opens a file; its first bytes show whether it is compressed.
    init(path: String) throws(ImportFailure) {
        file = try FileReader(path: path)
        let first = try file.read(upTo: Self.compressedPiece)
        taken = Int64(first.count)
        decoder = first.starts(with: [0x1F, 0x8B]) ? Self.gzip() : nil
        try feed(first)
        let (encoding, markLength) = TextEncoding.recognise(buffer)
        if case .utf16(let isBigEndian) = encoding {
            let bytes = Array(buffer.dropFirst(markLength))
            recoder = UTF16Recoder(isBigEndian: isBigEndian)
            buffer = []
            recoder?.recode(bytes, into: &buffer)
        } else {
            position = markLength
        }
    }

    /// Assumptions about the file's encoding: the rest of sentences that begin with its path.
    var assumptions: [String] {
        var assumptions: [String] = []
        if let recoder { assumptions.append("is UTF-16 (\(recoder.isBigEndian ? "big" : "little")-endian)") }
        if latin1Lines > 0 {
            let lines = latin1Lines == 1 ? "1 line that is" : "\(latin1Lines) lines that are"
            assumptions.append("has \(lines) no UTF-8: read as Latin-1 (Windows-1252)")
        }
        return assumptions
    }

    /// How far the file is read, in its own bytes, and how large it is.
    var progress: (done: Int64, total: Int64) { (taken, max(taken, file.size)) }

    /// The next line; nil after the last one. A last line without a line feed counts, too.
    func next() throws(ImportFailure) -> Line? {
        var scanned = position
        while true {
            if let end = lineFeed(from: scanned) {
                defer { position = end + 1 }
                return line(position..<end)
            }
            if buffer.count - position > Self.longest {
                isSkipping = true
                position = buffer.count
            }
            // The remaining bytes move to the front; they contain no line feed.
            scanned = buffer.count - position
            guard try refill() else { return lastLine() }
        }
    }

    private func lastLine() -> Line? {
        defer { (buffer, position) = ([], 0) }
        wasCutShort = wasCutShort || position < buffer.count
        return position < buffer.count || isSkipping ? line(position..<buffer.count) : nil
    }

    private func line(_ range: Range<Int>) -> Line {
        defer { isSkipping = false }
        number += 1
        guard !isSkipping, range.count <= Self.longest else { return .tooLong }
        let bytes = Array(buffer[range].last == 0x0D ? buffer[range].dropLast() : buffer[range])
        guard let text = TextEncoding.recodedLatin1(bytes) else { return .text(bytes) }
        latin1Lines += 1
        return .text(text)
    }

    private func lineFeed(from start: Int) -> Int? {
        buffer.withUnsafeBytes { bytes in
            guard start < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + start, 0x0A, bytes.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Reads more bytes after the remaining ones; false at the end of the file.
    private func refill() throws(ImportFailure) -> Bool {
        guard !isAtEnd else { return false }
        buffer.removeSubrange(..<position)
        position = 0
        let bytes = try file.read(upTo: decoder == nil ? Self.piece : Self.compressedPiece)
        taken += Int64(bytes.count)
        try feed(bytes)
        return !bytes.isEmpty || !buffer.isEmpty
    }

    private func feed(_ bytes: [UInt8]) throws(ImportFailure) {
        isAtEnd = bytes.isEmpty
        let plain = try decompressed(bytes)
        if recoder == nil {
            buffer += plain
        } else {
            recoder?.recode(plain, into: &buffer, isLast: isAtEnd)
        }
    }

    private func decompressed(_ bytes: [UInt8]) throws(ImportFailure) -> [UInt8] {
        guard let decoder else { return bytes }
        var plain: [UInt8] = []
        do {
            if isAtEnd {
                try decoder.finish()
            } else {
                try bytes.withUnsafeBytes { _ = try decoder.decode($0, into: &plain) }
            }
        } catch {
            throw ImportFailure("is a damaged gzip file, or one that is not whole")
        }
        return plain
    }

    private static func gzip() -> ContentDecoder? {
        let head = RequestHead(method: .post, target: "/", fields: ["Content-Encoding": "gzip"])
        return try? ContentDecoder.make(for: head, decompressedBytes: .max)
    }
}
