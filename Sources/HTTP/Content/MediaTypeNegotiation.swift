extension RequestHead {
    /// The offered media type that the client prefers (RFC 9110 §12.5.1); nil when it accepts none.
    ///
    /// Highest weight wins, then the range that names the type most exactly, then the order of the offer. No
    /// `Accept` (or none that can be read) means the first. Parameters in a range (`version=0.0.4`) must stand
    /// in the offer too, the charset aside.
    package func preferredMediaType(of offers: [String]) -> String? {
        let ranges = QualityList(fields.list("Accept")).members
        guard !ranges.isEmpty else { return offers.first }
        var best: (offer: String, rank: Rank)?
        for offer in offers {
            let ranks = ranges.compactMap { Rank(of: offer, in: $0) }
            // The most specific range decides the weight of a type, not the one with the highest weight.
            guard let rank = ranks.max(by: { $0.exactness < $1.exactness }), rank.quality > 0 else {
                continue
            }
            if best.map({ $0.rank < rank }) ?? true { best = (offer, rank) }
        }
        return best?.offer
    }
}

/// How well a media range fits an offered type.
private struct Rank: Comparable {
    var quality: Int
    var exactness: Int

    init?(of offer: String, in range: QualityList.Member) {
        guard let offered = QualityList([offer]).members.first else { return nil }
        quality = range.quality
        let family = offered.name.prefix { $0 != "/" }
        switch range.name {
        // `*` alone is what old Java clients send.
        case "*/*", "*": exactness = 0
        case "\(family)/*": exactness = 1
        case offered.name: exactness = 2
        default: return nil
        }
        for (name, value) in range.parameters where name != "charset" {
            guard offered.parameters[name] == value else { return nil }
            exactness += 1
        }
    }

    static func < (left: Rank, right: Rank) -> Bool {
        (left.quality, left.exactness) < (right.quality, right.exactness)
    }
}
