internal import Core
internal import Synchronization

// Removes purged bodies from the segments that are kept.

extension Journal {
    /// Replaces the bodies of lines: for every line that was durable at the call, `newBody` returns the new body (JSON
    /// without line feeds), or nil to keep it. Number, time, kind and members stay. Returns how many lines were
    /// changed.
    ///
    /// Ends the segment being written and rewrites those that hold such a line, each replaced at once; a reader that
    /// has one open may still see the old bodies. Unreadable bytes are dropped from a rewritten segment, the lines lost
    /// with them stay reported. `newBody` is called twice for some lines. Blocks; concurrent calls wait for each other.
    /// Throws what reading throws, and `.lineFeedInside`.
    @discardableResult
    package func redact(_ newBody: (JournalLine) -> [UInt8]?) throws(JournalError) -> Int {
        writer.seal()
        defer { catalog.clearWindow() }
        return try maintenance.withLock { (_) throws(JournalError) -> Int in
            var changed = 0
            for segment in catalog.snapshot.sealed where try hasLine(segment, where: { newBody($0) != nil }) {
                changed += try rewrite(segment, newBody)
            }
            return changed
        }
    }

    private func hasLine(
        _ segment: Segment,
        where isWanted: (JournalLine) -> Bool
    ) throws(JournalError) -> Bool {
        var scanner = try makeScanner(segment)
        while let unit = try scanner.next() {
            if let line = scanner.line(unit, through: segment.lastSeq), isWanted(line) { return true }
        }
        return false
    }

    private func rewrite(
        _ segment: Segment,
        _ newBody: (JournalLine) -> [UInt8]?
    ) throws(JournalError) -> Int {
        var scanner = try makeScanner(segment)
        let codec = segment.name.compression == nil ? nil : setup.codec
        var output = try SegmentOutput(path(of: segment.name), codec: codec, files: setup.files)
        do throws(JournalError) {
            var changed = 0
            while let unit = try scanner.next() {
                if case .header(let header) = unit {
                    try output.append(header.rendered())
                } else if let line = scanner.line(unit, through: segment.lastSeq) {
                    let body = newBody(line)
                    changed += body == nil ? 0 : 1
                    try output.append(line.rendered(with: body))
                }
            }
            catalog.replace(segment.name) { $0.beginReplacement() }
            try output.finish()
            return changed
        } catch {
            output.discard()
            throw error
        }
    }

    private func makeScanner(_ segment: Segment) throws(JournalError) -> LineScanner {
        let directory = setup.configuration.segmentDirectory
        let source = try SegmentSource(directory: directory, name: segment.name, codec: setup.codec)
        return LineScanner(source, maxLineBytes: setup.configuration.maxLineBytes)
    }
}

extension LineScanner {
    fileprivate func line(_ unit: Unit, through last: Int64) -> JournalLine? {
        guard case .line(let parts) = unit, parts.seq <= last else { return nil }
        return JournalLine(parts, kind: String(decoding: chunk[parts.kind], as: UTF8.self), in: chunk)
    }
}

extension SegmentHeader {
    fileprivate func rendered() -> [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }
}

extension JournalLine {
    fileprivate func rendered(with newBody: [UInt8]?) throws(JournalError) -> [UInt8] {
        let body = newBody ?? Array(body)
        guard !body.contains(LineFormat.lineFeed) else { throw .lineFeedInside }
        var bytes: [UInt8] = []
        members.bytes.withUnsafeBytes { members in
            body.withUnsafeBytes { body in
                LineFormat.appendUnstamped(position, kind: kind, members: members, body: body, to: &bytes)
            }
        }
        bytes.withUnsafeMutableBytes { LineFormat.stamp($0, line: 0..<($0.count - 1)) }
        return bytes
    }
}
