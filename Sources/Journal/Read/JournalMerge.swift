package import Core

/// One step through several journals.
package struct MergedLine: Sendable {
    /// The id of the journal that holds the line.
    package let journal: UUID128
    /// The line.
    package let line: JournalLine
}

/// Reads journal directories from front to back, in the order of arrival time, journal id and `seq`.
///
/// Takes no lock and changes nothing; of a journal that is being written it reads the lines that existed at the start.
package struct JournalMerge {
    /// The end of a journal: the position from which a server continues after a replay.
    package struct End: Hashable, Sendable {
        /// The data directory as given.
        package let directory: String
        /// The journal's id.
        package let journal: UUID128
        /// How often the journal has been opened.
        package let epoch: Int64
        /// The first line that is kept.
        package let first: Int64
        /// The last line.
        package let seq: Int64
    }

    /// The journals in the order of the directories; a directory without any segment has none.
    package let ends: [End]
    /// Damage that was found so far.
    package private(set) var damage: [DamageReport] = []
    private var sources: [Source] = []

    /// Opens the directories; each contains `raw/`, or the segments themselves.
    ///
    /// Throws `.sameJournalTwice`, `.codecMissing`, `.codecFailed` and `.system`.
    package init(directories: [String], codec: SegmentCodec?) throws(JournalError) {
        var ends: [End] = []
        for directory in directories {
            let archive = try JournalArchive(directory: directory, codec: codec)
            damage += archive.found.damage
            guard let end = archive.end else { continue }
            if let other = ends.first(where: { $0.journal == end.journal }) {
                throw .sameJournalTwice(other.directory, directory)
            }
            ends.append(end)
            sources.append(Source(archive, journal: end.journal))
        }
        self.ends = ends
    }

    /// The next line of all; nil at the end. Throws `.codecFailed` and `.system`.
    package mutating func next() throws(JournalError) -> MergedLine? {
        var first: Int?
        for index in sources.indices {
            try sources[index].fill(&damage)
            guard let key = sources[index].key else { continue }
            if let best = first.flatMap({ sources[$0].key }), best <= key { continue }
            first = index
        }
        return first.flatMap { sources[$0].take() }
    }
}

extension JournalMerge {
    /// One journal and its position in the merge.
    private struct Source {
        private static let linesAtOnce = 1000
        private static let bytesAtOnce = 1 << 20

        private let journal: UUID128
        private let snapshot: Catalog.Snapshot
        private var reader: DiskReader
        private var filter = KindFilter([])
        private var batch = JournalBatch(position: 0)
        private var taken = 0

        init(_ archive: JournalArchive, journal: UUID128) {
            self.journal = journal
            let found = archive.found
            snapshot = Catalog.Snapshot(sealed: found.segments, active: nil, durableSeq: found.last.seq)
            reader = archive.makeReader()
            // Lines that retention removed are not reported as missing.
            batch.position = found.segments.first.map { $0.header.first - 1 } ?? 0
        }

        var key: (Timestamp, UUID128, Int64)? {
            guard taken < batch.lines.count else { return nil }
            return (batch.lines[taken].at, journal, batch.lines[taken].seq)
        }

        mutating func fill(_ damage: inout [DamageReport]) throws(JournalError) {
            while taken == batch.lines.count, !batch.isCaughtUp {
                var next = JournalBatch(position: batch.position)
                try reader.read(
                    snapshot,
                    into: &next,
                    filter: &filter,
                    maxLines: Self.linesAtOnce,
                    maxBytes: Self.bytesAtOnce
                )
                damage += next.damage
                batch = next
                taken = 0
            }
        }

        mutating func take() -> MergedLine {
            defer { taken += 1 }
            return MergedLine(journal: journal, line: batch.lines[taken])
        }
    }
}
