/// The facts about one segment that need no reading.
struct Segment: Sendable {
    /// A line's offset, from which a reader may start instead of from the front.
    struct Landmark: Sendable {
        let seq: Int64
        let offset: Int64
    }

    static let landmarkDistance: Int64 = 1 << 20

    var name: SegmentName
    let header: SegmentHeader
    /// The last line that counts: later ones were never durable, or are repeated in the next segment.
    var lastSeq: Int64
    /// Where the durable bytes end; nil where the file ends.
    var end: Int64?
    /// By rising `seq`, about one a MiB; only for segments that this process wrote.
    var landmarks: [Landmark] = []
    /// Raised before the file is replaced, so that a reader notices that it may have opened the wrong one.
    var generation = 0

    /// Drops all offsets in the file.
    mutating func beginReplacement() {
        generation += 1
        end = nil
        landmarks = []
    }

    /// Where to start reading for the first line after `position`.
    func startingPoint(after position: Int64) -> Int64 {
        guard name.compression == nil else { return 0 }
        return landmarks.last { $0.seq <= position + 1 }?.offset ?? 0
    }
}
