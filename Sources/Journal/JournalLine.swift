package import Core

/// The place of an accepted line in its journal.
package struct JournalPosition: Hashable, Sendable {
    /// The line's sequence number, from 1.
    package let seq: Int64
    /// The arrival time that the line carries; never decreases along `seq`.
    package let at: Timestamp

    /// Makes a position from its parts.
    package init(seq: Int64, at: Timestamp) {
        self.seq = seq
        self.at = at
    }
}

/// One accepted request, as the journal stores it.
///
/// `members` and `body` are slices of a buffer that many lines share: copy them to keep them for long.
package struct JournalLine: Sendable {
    /// The sequence number, from 1.
    package let seq: Int64
    /// The arrival time.
    package let at: Timestamp
    /// The kind of the line, with its version, for example `nextflow.event/1`.
    package let kind: String
    private let buffer: [UInt8]
    private let membersRange: Range<Int>
    private let bodyRange: Range<Int>

    init(_ parts: LineParts, kind: String, in buffer: [UInt8]) {
        seq = parts.seq
        at = parts.at
        self.kind = kind
        self.buffer = buffer
        membersRange = parts.members
        bodyRange = parts.body
    }

    /// Makes a line by itself, for tests of projections.
    package init(seq: Int64, at: Timestamp, kind: String, members: LineMembers = LineMembers(), body: [UInt8])
    {
        self.seq = seq
        self.at = at
        self.kind = kind
        buffer = members.bytes + body
        membersRange = 0..<members.bytes.count
        bodyRange = members.bytes.count..<(members.bytes.count + body.count)
    }

    /// What stands between kind and body, copied.
    package var members: LineMembers { LineMembers(bytes: Array(buffer[membersRange])) }

    /// The JSON value as it was given to `append`.
    package var body: ArraySlice<UInt8> { buffer[bodyRange] }

    /// The place of the line.
    package var position: JournalPosition { JournalPosition(seq: seq, at: at) }
}

/// The result of one step of a reader.
package struct JournalBatch: Sendable {
    /// The lines of the wanted kinds, by rising `seq`.
    package var lines: [JournalLine] = []
    /// Damage; every range of lost lines is reported once to each reader.
    package var damage: [DamageReport] = []
    /// Everything up to this `seq` has been read, lines of other kinds too: the position to store.
    package var position: Int64
    /// Whether all durable lines had been read when the step ended.
    package var isCaughtUp = false
}
