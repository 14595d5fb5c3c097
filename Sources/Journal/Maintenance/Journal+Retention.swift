internal import Core
internal import Synchronization

// Retention of segments: compressed after a day, removed after the configured time or above the configured size, and
// only when every stream has loaded them.

/// The result of one round of retention, by file name.
package struct RetentionReport: Hashable, Sendable {
    /// Segments that were removed.
    package var removed: [String] = []
    /// Segments that were compressed, by their new names.
    package var compressed: [String] = []

    /// No segment was removed or compressed.
    package init() {}
}

extension Journal {
    /// Removes and compresses old segments in which every line up to `loadedThrough` counts as loaded: the smallest
    /// position of all streams.
    ///
    /// The newest segment stays, since it holds the last number. Blocks while it compresses; concurrent calls wait for
    /// each other. Throws `.system` and `.codecFailed`; earlier changes stay.
    @discardableResult
    package func prune(loadedThrough: Int64) throws(JournalError) -> RetentionReport {
        try maintenance.withLock { (_) throws(JournalError) -> RetentionReport in
            var report = RetentionReport()
            let now = setup.clock()
            for segment in removableSegments(loadedThrough: loadedThrough, now: now) {
                try remove(segment)
                report.removed.append(segment.name.text)
            }
            guard let codec = setup.codec else { return report }
            for segment in olderSegments(loadedThrough: loadedThrough) where segment.name.compression == nil {
                guard segment.name.endOfDay + setup.configuration.compressAfter <= now else { break }
                report.compressed.append(try compress(segment, with: codec).text)
            }
            return report
        }
    }

    /// Loaded segments except for the newest of all, oldest first.
    private func olderSegments(loadedThrough: Int64) -> [Segment] {
        let snapshot = catalog.snapshot
        let older = snapshot.active == nil ? snapshot.sealed.dropLast() : snapshot.sealed[...]
        return Array(older.prefix { $0.lastSeq <= loadedThrough })
    }

    private func removableSegments(loadedThrough: Int64, now: Timestamp) -> [Segment] {
        var excess = setup.configuration.maxBytes.map { diskUsage - $0 } ?? 0
        return Array(
            olderSegments(loadedThrough: loadedThrough).prefix { segment in
                let isExpired = segment.name.endOfDay + setup.configuration.keep <= now
                guard isExpired || excess > 0 else { return false }
                excess -= FileSystem.allocatedBytes(path(of: segment.name))
                return true
            }
        )
    }

    private func remove(_ segment: Segment) throws(JournalError) {
        catalog.remove(segment.name)
        try removeFile(segment.name)
    }

    private func removeFile(_ name: SegmentName) throws(JournalError) {
        do throws(SystemFailure) {
            try FileSystem.remove(path(of: name))
            try FileSystem.synchronizeDirectory(setup.configuration.segmentDirectory)
        } catch {
            throw .system(error)
        }
    }

    /// After a crash in between, the next open finds both files and removes the plain one.
    private func compress(_ segment: Segment, with codec: SegmentCodec) throws(JournalError) -> SegmentName {
        var name = segment.name
        name.compression = codec.fileExtension
        let directory = setup.configuration.segmentDirectory
        var source = try SegmentSource(directory: directory, name: segment.name, codec: codec)
        var output = try SegmentOutput(path(of: name), codec: codec, files: setup.files)
        do throws(JournalError) {
            while let bytes = try source.read(behind: [], count: 1 << 20, limit: segment.end) {
                try output.append(bytes)
            }
            try output.finish()
        } catch {
            output.discard()
            throw error
        }
        catalog.replace(segment.name) { segment in
            segment.beginReplacement()
            segment.name = name
        }
        try removeFile(segment.name)
        return name
    }

    func path(of name: SegmentName) -> String {
        setup.configuration.segmentDirectory + "/" + name.text
    }
}
