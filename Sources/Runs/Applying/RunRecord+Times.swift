internal import Core

extension RunRecord {
    /// When the run began; nil if its client's text is not a time.
    var startInstant: Timestamp? { text(.startTime).flatMap { RunTimestamp.instant(of: $0) } }

    /// When the run ended, by its own word, else when it was created or heard of; never later than it was heard of,
    /// since a client's clock may be wrong. Nil for a run that has not ended.
    func endedInstant(heardAt time: Timestamp) -> Timestamp? {
        guard let status = self[.status], !status.elementsEqual(Self.running) else { return nil }
        return min(endInstant ?? createdInstant ?? time, time)
    }

    /// How long the run took: what its client says, else from its begin to its end. Nil for a run that has not ended,
    /// or does not say.
    var milliseconds: Int64? {
        guard let status = self[.status], !status.elementsEqual(Self.running) else { return nil }
        if let told = self[.durationMS].flatMap({ Int64(String(decoding: $0, as: UTF8.self)) }), told > 0 {
            return told
        }
        guard let start = startInstant, let end = endInstant, start <= end else { return nil }
        return (end.microseconds - start.microseconds) / 1000
    }

    private var endInstant: Timestamp? { text(.endTime).flatMap { RunTimestamp.instant(of: $0) } }

    private static let running = JSONText.quoted(RunStatus.running.rawValue)
}

extension RunTable.Entry {
    /// When a changed run ended; nil when the change did not end it.
    var endedAt: Timestamp? { statusAt.flatMap { record.endedInstant(heardAt: $0) } }
}
