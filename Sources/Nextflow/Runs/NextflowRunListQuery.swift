internal import API
internal import Core
internal import Ingest

/// Which runs a list shows.
struct NextflowRunListQuery: Hashable, Sendable {
    var states: [RunState] = []
    var runID: String?
    var name: String?
    var user: String?
    var project: String?
    /// Bounds of the first event's time, both inclusive.
    var since: Timestamp?
    var until: Timestamp?
    var limit = 50
    var cursor: RunCursor?

    /// Everything, the newest 50 first.
    init() {}

    /// Reads the parameters of `GET /api/nextflow/runs`.
    init(_ reader: inout ParameterReader) {
        typealias Parameters = NextflowRunListParameters
        states = reader.words(Parameters.state).compactMap(RunState.init)
        name = reader.text(Parameters.name).map(indexable)
        user = reader.text(Parameters.user).map(indexable)
        project = reader.text(Parameters.project).map(indexable)
        runID = reader.text(Parameters.runID).map(indexable)
        since = reader.time(Parameters.since)
        until = reader.time(Parameters.until)
        limit = reader.count(Parameters.limit)
        cursor = reader.cursor(.cursor, RunCursor.init)
    }
}

/// Where a page of runs begins: after this one.
struct RunCursor: Hashable, Sendable {
    let firstUTC: Timestamp
    let runKey: UUID128

    init(firstUTC: Timestamp, runKey: UUID128) {
        self.firstUTC = firstUTC
        self.runKey = runKey
    }

    init?(_ page: PageCursor) {
        guard page.parts.count == 2, let microseconds = Int64(page.parts[0]), let key = UUID128(page.parts[1])
        else { return nil }
        self.init(firstUTC: Timestamp(microseconds: microseconds), runKey: key)
    }

    var page: PageCursor { PageCursor([String(firstUTC.microseconds), runKey.description]) }
}
