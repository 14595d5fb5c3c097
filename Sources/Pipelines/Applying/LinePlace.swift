internal import Core

/// Where a line stands among the lines of all Weirs: by the time when it was taken, then by its journal and its number there.
///
/// The same order as in a replay, whatever the order in which lines are loaded.
struct LinePlace: Hashable, Comparable, Sendable {
    let at: Timestamp
    let journal: UUID128
    let seq: Int64

    static func < (left: LinePlace, right: LinePlace) -> Bool {
        (left.at, left.journal, left.seq) < (right.at, right.journal, right.seq)
    }
}
