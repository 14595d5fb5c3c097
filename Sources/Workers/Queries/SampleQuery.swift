internal import API
internal import Core

/// The parameters of `GET /api/metrics/query` without `step`. Contract noetl §1.3, §7.5, §7.8.
struct SampleQuery: Sendable {
    /// The last sample of the page before.
    struct Cursor: Sendable {
        let at: Timestamp
        let metricID: Int64

        init(at: Timestamp, metricID: Int64) {
            self.at = at
            self.metricID = metricID
        }

        init?(_ cursor: PageCursor) {
            guard cursor.parts.count == 2, let at = Int64(cursor.parts[0]), let id = Int64(cursor.parts[1]),
                (Timestamp.earliest.microseconds...Timestamp.latest.microseconds).contains(at)
            else { return nil }
            self.init(at: Timestamp(microseconds: at), metricID: id)
        }

        /// The cursor for a URL.
        var text: String { PageCursor([String(at.microseconds), String(metricID)]).text }
    }

    var filter: SeriesFilter
    /// What samples must refer to.
    var traceID: String?
    var executionID: String?
    /// Inclusive.
    var from: Timestamp
    /// Inclusive.
    var to: Timestamp
    var limit: Int
    /// Nil on the first page.
    var cursor: Cursor?

    /// Whether only samples are meant that refer to something.
    var isOfReferences: Bool { traceID != nil || executionID != nil }
}
