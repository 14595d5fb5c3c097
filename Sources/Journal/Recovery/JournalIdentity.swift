package import Core

/// The identity of a journal: `journal.json` in the data directory, one checksummed line.
struct JournalIdentity: Hashable, Sendable {
    var journal: UUID128
    /// Raised at each start.
    var epoch: Int64
    /// New lines get no `seq` below this one, whatever the segments say.
    var next: Int64
    /// The end of the journal before the database's positions were confirmed to belong to it; nil once confirmed. Later
    /// lines may belong to a copy that diverged.
    var unconfirmedAfter: Int64?

    func rendered() -> [UInt8] {
        var bytes: [UInt8] = []
        LineFormat.appendCovered(to: &bytes) { buffer in
            buffer.append(text: "\"journal\":\"")
            journal.append(to: &buffer)
            buffer.append(text: "\",\"format\":\"")
            buffer.append(text: SegmentHeader.format)
            buffer.append(text: "\",\"epoch\":")
            buffer.append(decimal: epoch)
            buffer.append(text: ",\"next\":")
            buffer.append(decimal: next)
            buffer.append(text: ",\"unconfirmedAfter\":")
            if let unconfirmedAfter {
                buffer.append(decimal: unconfirmedAfter)
            } else {
                buffer.append(text: "null")
            }
            buffer.append(text: "}")
        }
        return bytes
    }

    init(journal: UUID128, epoch: Int64, next: Int64, unconfirmedAfter: Int64?) {
        self.journal = journal
        self.epoch = epoch
        self.next = next
        self.unconfirmedAfter = unconfirmedAfter
    }

    /// Reads `rendered()` text.
    init?(_ bytes: [UInt8]) {
        let identity = bytes.withUnsafeBufferPointer { bytes -> JournalIdentity? in
            guard let end = LineFormat.findLineFeed(bytes, 0..<bytes.count), end > LineFormat.uncoveredBytes,
                LineFormat.isIntact(bytes, 0..<end)
            else { return nil }
            return Self.parse(bytes, LineFormat.uncoveredBytes..<end)
        }
        guard let identity else { return nil }
        self = identity
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> JournalIdentity? {
        var cursor = ByteCursor(bytes, range)
        guard cursor.skip("\"journal\":\""), let id = cursor.quotedRest(),
            let journal = UUID128(text: Array(bytes[id])),
            cursor.skip(",\"format\":\""), cursor.skip(SegmentHeader.format),
            cursor.skip("\",\"epoch\":"), let epoch = cursor.decimal(),
            cursor.skip(",\"next\":"), let next = cursor.decimal(),
            cursor.skip(",\"unconfirmedAfter\":")
        else { return nil }
        let unconfirmedAfter = cursor.decimal()
        guard unconfirmedAfter != nil || cursor.skip("null"), cursor.skip("}"), cursor.isAtEnd else {
            return nil
        }
        return JournalIdentity(journal: journal, epoch: epoch, next: next, unconfirmedAfter: unconfirmedAfter)
    }
}

/// The result of comparing the database's record of a journal with the journal.
package enum PositionVerdict: Hashable, Sendable {
    /// The position lies within the journal.
    case consistent
    /// The database has loaded lines that this journal doesn't have: it is an older copy.
    case beyondEnd(stored: Int64, end: Int64)
    /// Another copy of this journal has been started as often, or more often.
    case epochSeenElsewhere(stored: Int64, own: Int64)
}

/// A planned change of identity.
package struct IdentityChange: Hashable, Sendable {
    /// The id under which the database knows the lines up to `boundary`.
    package let previous: UUID128
    /// The new id.
    package let current: UUID128
    /// The last line that the database can have under the previous id. The position of every stream under the
    /// new id is the smaller one of this and its position under the previous id.
    package let boundary: Int64
}
