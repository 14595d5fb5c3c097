internal import Core
internal import Logging
internal import Synchronization

// When the data directory was restored from a backup or copied, the database may know later positions of the same
// journal. Then the journal takes a new id, for which the database has no positions yet.

extension Journal {
    /// Compares the database's record of this journal's id with the journal.
    ///
    /// `seq` is the largest position of any stream under `id`, `stored` the largest epoch stored for it (nil if
    /// none is); `isOwnEpochStored` tells whether this process has stored its own epoch already.
    package func assess(seq: Int64, epoch stored: Int64?, isOwnEpochStored: Bool) -> PositionVerdict {
        let own = epoch
        if let stored, stored > own || (stored == own && !isOwnEpochStored) {
            return .epochSeenElsewhere(stored: stored, own: own)
        }
        let end = durableSeq
        return seq > end ? .beyondEnd(stored: seq, end: end) : .consistent
    }

    /// Records that the database's positions belong to this journal, after `assess` found them consistent. Throws
    /// `.system`.
    package func confirmIdentity() throws(JournalError) {
        try identity.withLock { (identity) throws(JournalError) in
            guard identity.unconfirmedAfter != nil else { return }
            var confirmed = identity
            confirmed.unconfirmedAfter = nil
            try store(confirmed)
            identity = confirmed
        }
    }

    /// Decides on a new id, without taking it yet: the caller first stores the positions of all streams under it
    /// (see `IdentityChange.boundary`), so that a crash in between leaves only unused rows.
    package func makeIdentityChange() -> IdentityChange {
        let (journal, boundary) = identity.withLock { ($0.journal, $0.unconfirmedAfter) }
        return IdentityChange(previous: journal, current: .random(), boundary: boundary ?? durableSeq)
    }

    /// Takes the new id durably and logs it; new segments carry it. Throws `.system`; then nothing has changed.
    package func takeNewIdentity(_ change: IdentityChange) throws(JournalError) {
        try identity.withLock { (identity) throws(JournalError) in
            guard identity.journal == change.previous else { return }
            var changed = identity
            changed.journal = change.current
            changed.unconfirmedAfter = nil
            try store(changed)
            identity = changed
            writer.setIdentity(changed)
        }
        setup.logger.error(
            "journal took a new identity: the database holds later positions of its old one",
            metadata: [
                "journal.previous": "\(change.previous)",
                "journal.id": "\(change.current)",
                "journal.boundary": "\(change.boundary)",
            ]
        )
    }

    private func store(_ identity: JournalIdentity) throws(JournalError) {
        do throws(SystemFailure) {
            try IdentityFile(directory: setup.configuration.directory, files: setup.files).write(identity)
        } catch {
            throw .system(error)
        }
    }
}
