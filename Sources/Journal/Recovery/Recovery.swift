internal import Core
internal import Glibc

/// Finds the segments of a journal directory from their first lines, and the journal's end from the last segment.
struct Recovery {
    /// The result.
    struct Result {
        var segments: [Segment] = []
        /// The last line that counts.
        var last: JournalPosition
        /// The first `seq` that was never used.
        var next: Int64 = 1
        /// The highest name in the directory, readable or not.
        var lastName: SegmentName?
        var damage: [DamageReport] = []
    }

    let directory: String
    let codec: SegmentCodec?
    let maxLineBytes: Int
    /// For segments whose own header is unreadable.
    let journal: UUID128
    /// Whether torn ends are cut and leftovers removed; off for another journal's directory, which is only read.
    let isRepairing: Bool
    let files: FileOperations

    func run() throws(JournalError) -> Result {
        var names = try listSegments()
        var result = Result(last: JournalPosition(seq: 0, at: Timestamp(microseconds: 0)))
        result.lastName = names.last
        while let name = names.last {
            names.removeLast()
            var walk = SegmentWalk(self, name)
            if let last = try walk.run() {
                result.damage += last.damage
                result.segments = [last.segment]
                result.segments[0].end = name.compression == nil ? last.end : nil
                result.last = JournalPosition(seq: last.segment.lastSeq, at: last.lastAt)
                result.next = max(last.segment.lastSeq + 1, last.segment.header.first)
                if isRepairing { try cut(name, at: last.end) }
                break
            }
            if isRepairing { try discard(name) }
        }
        for name in names.reversed() {
            try prepend(name, to: &result)
        }
        return result
    }

    func makeScanner(_ name: SegmentName) throws(JournalError) -> LineScanner {
        let source = try SegmentSource(directory: directory, name: name, codec: codec)
        return LineScanner(source, maxLineBytes: maxLineBytes)
    }

    /// Adds an older segment, of which only the front is read: the next one's header says where it ends.
    private func prepend(_ name: SegmentName, to result: inout Result) throws(JournalError) {
        var scanner = try makeScanner(name)
        while let unit = try scanner.next() {
            var header: SegmentHeader
            switch unit {
            case .unreadable: continue
            case .header(let found): header = found
            case .line(let parts): header = .standIn(for: parts, journal: journal)
            }
            let lastSeq = result.segments.first?.header.after ?? header.after
            // The first readable line may be one of a failed attempt, after the last that counts.
            header.after = min(header.after, lastSeq)
            result.segments.insert(Segment(name: name, header: header, lastSeq: lastSeq), at: 0)
            if isRepairing { try trim(name) }
            return
        }
        // No readable line in it: a reader reports the missing numbers later.
        result.damage.append(
            DamageReport(cause: .unreadableBytes, segment: name.text, bytes: 0..<scanner.offset, missing: nil)
        )
    }

    private func listSegments() throws(JournalError) -> [SegmentName] {
        do throws(SystemFailure) {
            let all = try FileSystem.names(in: directory)
            var names = all.compactMap { SegmentName($0) }.sorted()
            if isRepairing {
                for leftover in all where leftover.hasSuffix(".tmp") {
                    try FileSystem.remove(directory + "/" + leftover)
                }
            }
            // A compressed segment gets its name when it is complete: the plain one is the leftover.
            for name in names where name.compression != nil {
                let plain = SegmentName(day: name.day, index: name.index)
                guard let index = names.firstIndex(of: plain) else { continue }
                names.remove(at: index)
                if isRepairing { try FileSystem.remove(directory + "/" + plain.text) }
            }
            return names
        } catch {
            throw .system(error)
        }
    }

    /// Removes a segment that was begun and never held a durable byte.
    private func discard(_ name: SegmentName) throws(JournalError) {
        do throws(SystemFailure) {
            try FileSystem.remove(directory + "/" + name.text)
            try FileSystem.synchronizeDirectory(directory)
        } catch {
            throw .system(error)
        }
    }

    /// Cuts a torn end, and syncs the lines that a killed process had written but not synced.
    private func cut(_ name: SegmentName, at end: Int64) throws(JournalError) {
        guard name.compression == nil else { return }
        do throws(SystemFailure) {
            let file = try OpenFile(path: directory + "/" + name.text, flags: O_RDWR)
            try cut(file, at: end)
        } catch {
            throw .system(error)
        }
    }

    private func cut(_ file: OpenFile, at end: Int64) throws(SystemFailure) {
        let code = files.truncate(file.descriptor, end)
        guard code == 0 else { throw SystemFailure(operation: "ftruncate", path: file.path, code: code) }
        guard fsync(file.descriptor) == 0 else {
            throw SystemFailure(operation: "fsync", path: file.path, code: errno)
        }
    }

    /// Cuts the line feeds that a killed process left at the end of an older segment.
    private func trim(_ name: SegmentName) throws(JournalError) {
        guard name.compression == nil else { return }
        do throws(SystemFailure) {
            let file = try OpenFile(path: directory + "/" + name.text, flags: O_RDWR)
            let size = try file.size()
            var end = size
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
            defer { buffer.deallocate() }
            while end > 0 {
                let start = max(0, end - Int64(buffer.count))
                let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(end - start)])
                let count = try file.read(into: piece, at: start)
                guard let last = piece[..<count].lastIndex(where: { $0 != LineFormat.lineFeed }) else {
                    end = start
                    continue
                }
                end = start + Int64(last) + 2
                break
            }
            if end < size { try cut(file, at: end) }
        } catch {
            throw .system(error)
        }
    }
}

extension SegmentHeader {
    /// For a segment whose header is unreadable, from the first line in it.
    static func standIn(for first: LineParts, journal: UUID128) -> SegmentHeader {
        SegmentHeader(journal: journal, epoch: 0, first: first.seq, after: first.seq - 1, at: first.at)
    }
}
