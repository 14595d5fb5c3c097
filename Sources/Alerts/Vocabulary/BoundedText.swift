internal import Core
internal import Ingest

/// Texts of senders that become keys: an index of PostgreSQL takes 2,700 bytes, and a sender may send any number.
enum BoundedText {
    static let mostBytes = 400

    /// The text, or its beginning with the digest of the whole: the same text gives the same.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > mostBytes else { return text }
        var digest = KeyDigest()
        digest.add(text)
        var kept = ""
        for character in text {
            guard kept.utf8.count + character.utf8.count <= mostBytes - 40 else { break }
            kept.append(character)
        }
        return "\(kept)…\(digest.finish())"
    }
}

extension AlertEvent {
    /// The same with labels and a subject that can be indexed.
    var bounded: AlertEvent {
        var event = self
        event.subject = BoundedText.cut(subject)
        event.labels = labels.mapValues(BoundedText.cut)
        event.ends = ends.map { Ending(events: $0.events, label: $0.label, value: BoundedText.cut($0.value)) }
        return event
    }
}

extension Finding {
    /// The same with a key and labels that can be indexed.
    var bounded: Finding {
        var finding = self
        finding.key = BoundedText.cut(key)
        finding.labels = labels.mapValues(BoundedText.cut)
        return finding
    }
}
